// An echo as Asio's documentation teaches it: awaitable<void>, co_spawn, a buffer in each
// coroutine, async_read_some and async_write, exceptions at the end of stream. What a reader would
// have without the coroutine server's tactics; so also with Asio's locks, which the server's build
// leaves out (ASIO_DISABLE_THREADS).
#include "tests/perf/peer.hpp"

// Asio 1.22 asks clang for the coroutines before C++20 only.
#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT)
#define ASIO_HAS_CO_AWAIT 1
#endif

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <cstddef>
#include <exception>
#include <utility>

namespace {

using asio::ip::tcp;

asio::awaitable<void> echo(tcp::socket socket) {
    try {
        char data[1024];
        while (true) {
            const std::size_t n =
                co_await socket.async_read_some(asio::buffer(data), asio::use_awaitable);
            co_await asio::async_write(socket, asio::buffer(data, n), asio::use_awaitable);
        }
    } catch (const std::exception&) {
        co_return;  // the peer has gone; so does the socket
    }
}

asio::awaitable<void> listen(tcp::acceptor acceptor) {
    while (true) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
    }
}

}  // namespace

int main() {
    asio::io_context io(1);
    tcp::acceptor acceptor(io, tcp::v4(),
                           echotrio::perf::listen_and_announce("asio_echo").release());
    asio::co_spawn(io, listen(std::move(acceptor)), asio::detached);
    io.run();
}
