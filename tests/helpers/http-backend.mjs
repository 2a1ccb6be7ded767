// Serves the repositories below a directory by `git http-backend`: node http-backend.mjs <root> [<user>:<password>]
// Prints its port. A process of its own: a test that waits for a git of its own would hold it up.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const [root, login] = process.argv.slice(2)
const isAllowed = ({ headers }) =>
  login === undefined || headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`

const server = createServer((request, response) => {
  if (!isAllowed(request)) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end()
    return
  }
  const { pathname, search } = new URL(request.url, 'http://localhost')
  const env = {
    ...process.env,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
    REMOTE_ADDR: '127.0.0.1',
  }
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.on('error', () => {})
  request.pipe(child.stdin)
  answer(child.stdout, response)
})

/** A CGI program prints headers, an empty line, and the body. */
function answer(output, response) {
  let head = Buffer.alloc(0)
  let isBody = false
  output.on('data', (chunk) => {
    if (isBody) return response.write(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    isBody = true
    let status = 200
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? []
      if (name === 'Status') status = Number.parseInt(value, 10)
      else if (name !== undefined) response.setHeader(name, value)
    }
    response.writeHead(status)
    response.write(head.subarray(end + 4))
  })
  output.on('end', () => response.end())
}

server.listen(0, '127.0.0.1', () => console.log(server.address().port))
