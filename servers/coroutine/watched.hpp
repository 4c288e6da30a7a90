// A socket that a coroutine waits for. Asio registers every socket with epoll once, for edges, but
// its async_wait does not rely on that: it asks the kernel anew, an epoll_ctl for each wait. The
// operation here is queued for the next edge, with no system call, for releases of Asio whose
// reactor is known to keep what it needs; with others, and with ECHOTRIO_PLAIN_WAIT, async_wait.
//
// An edge tells once of what is there. So when_readable() must not be called while something may be
// left to read: after a read that found nothing it is right. An edge that comes while the coroutine
// waits for something else, or for nothing, is not lost: the reactor keeps it in mind
// (try_speculative_, which done_and_exhausted resets), and the next when_readable() is done at
// once.
#pragma once

#include "common/net/fd.hpp"
#include "servers/coroutine/task.hpp"

#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/version.hpp>

#include <cstddef>
#include <new>
#include <utility>

// Tested with 1.22 and 1.30; the reactor's code is the same in what matters here from 1.18 to 1.37.
#if ASIO_VERSION >= 101800 && ASIO_VERSION < 103800 && defined(ASIO_HAS_EPOLL) && \
    !defined(ASIO_HAS_IO_URING_AS_DEFAULT) && !defined(ECHOTRIO_PLAIN_WAIT)
#define ECHOTRIO_WAITS_FOR_EDGES 1
#else
#define ECHOTRIO_WAITS_FOR_EDGES 0
#endif

namespace echotrio::coroutine {

// With the concrete executor: the type-erased default costs memory and indirect calls.
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

#if ECHOTRIO_WAITS_FOR_EDGES

// Lies in the frame's slot until it is done or cancelled; then the coroutine goes on.
class Wait : public asio::detail::reactor_op {
  public:
    static Wait* of(Handle coroutine) {
        return new (coroutine.promise().slot.take(sizeof(Wait))) Wait(coroutine);
    }

  private:
    explicit Wait(Handle coroutine)
        : reactor_op(asio::error_code(), perform, complete), coroutine_(coroutine) {}

    // Called when there is an edge, now or since the last one that was used up.
    static status perform(reactor_op*) { return done_and_exhausted; }
    static void complete(void* owner, asio::detail::operation* base, const asio::error_code&,
                         std::size_t) {
        Wait* const wait = static_cast<Wait*>(base);
        const Handle coroutine = wait->coroutine_;
        wait->~Wait();
        coroutine.promise().slot.give_back(wait, sizeof(Wait));
        if (owner != nullptr) coroutine.resume();  // else Asio is cleaning up
    }

    Handle coroutine_;
};

class Watched {
  public:
    explicit Watched(const Executor& executor)
        : reactor_(asio::use_service<asio::detail::reactor>(
              static_cast<asio::execution_context&>(executor.context()))) {
        reactor_.init_task();
    }
    ~Watched() {
        // Closing takes it out of epoll: no other descriptor stands for this socket.
        reactor_.deregister_descriptor(socket_.get(), registration_, true);
        socket_.reset();
        reactor_.cleanup_descriptor_data(registration_);
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    // Takes a non-blocking socket; once. Returns 0 or the errno with which epoll refused it.
    int watch(net::Fd socket) {
        const int error = reactor_.register_descriptor(socket.get(), registration_);
        if (error != 0) {
            reactor_.cleanup_descriptor_data(registration_);
        } else {
            socket_ = std::move(socket);
        }
        return error;
    }
    int fd() const noexcept { return socket_.get(); }

    // Each goes on with the coroutine, once, from the loop: see above; when it can be written (as
    // the kernel says now, so it may be asked for at any time); after all others that can go on.
    void when_readable(Handle coroutine) {
        reactor_.start_op(asio::detail::reactor::read_op, fd(), registration_, Wait::of(coroutine),
                          false, true);
    }
    void when_writable(Handle coroutine) {
        reactor_.start_op(asio::detail::reactor::write_op, fd(), registration_, Wait::of(coroutine),
                          false, false);
    }
    void when_others_ran(Handle coroutine) {
        reactor_.post_immediate_completion(Wait::of(coroutine), false);
    }
    // What is waited for is over now.
    void cancel() { reactor_.cancel_ops(fd(), registration_); }

  private:
    asio::detail::reactor& reactor_;
    asio::detail::reactor::per_descriptor_data registration_ = nullptr;
    net::Fd socket_;
};

#else

class Watched {
  public:
    explicit Watched(const Executor& executor) : descriptor_(executor) {}

    int watch(net::Fd socket) {
        asio::error_code error;
        descriptor_.assign(socket.get(), error);
        if (!error) socket.release();
        return error.value();
    }
    int fd() { return descriptor_.native_handle(); }

    void when_readable(Handle coroutine) {
        descriptor_.async_wait(Descriptor::wait_read, Resume{coroutine});
    }
    void when_writable(Handle coroutine) {
        descriptor_.async_wait(Descriptor::wait_write, Resume{coroutine});
    }
    void when_others_ran(Handle coroutine) {
        asio::post(descriptor_.get_executor(), Resume{coroutine});
    }
    void cancel() {
        asio::error_code ignored;
        descriptor_.cancel(ignored);
    }

  private:
    Descriptor descriptor_;
};

#endif

}  // namespace echotrio::coroutine
