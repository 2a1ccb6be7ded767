# Prints what fish offers for each line in $argv[2..]; $argv[1] separates the answers.
for line in $argv[2..-1]
    complete -C "$line"
    echo $argv[1]
end
