// A page; one in 200 burns 20 ms of CPU time before it answers. WORKERS processes share the port by node's
// cluster module; with none, this process serves it alone.
const cluster = require('node:cluster');
const http = require('node:http');

const workers = Number(process.env.WORKERS || 0);
const heavyEvery = 200;
let requests = 0;

function cpuTime() {  // in microseconds
    const used = process.cpuUsage();
    return used.user + used.system;
}

function burn(milliseconds) {
    const end = cpuTime() + milliseconds * 1000;
    while (cpuTime() < end);
}

function serve() {
    http.createServer((request, response) => {
        if (++requests % heavyEvery === 0) burn(20);
        response.end('a page\n');
    }).listen({port: Number(process.env.PORT), host: process.env.HOST, backlog: 4096});
}

if (cluster.isPrimary && workers > 0) {
    for (let i = 0; i < workers; i++) cluster.fork();
    process.on('SIGTERM', () => process.exit(0));  // its workers leave when it has gone
} else {
    serve();
}
