// The bare client (bare_client.hpp) on io_uring: one multishot receive per connection, which takes
// buffers from a ring that is given to the kernel; sockets and ring registered. WAY is
//
//     batch    all sends that are due go in with the system call that waits for replies
//     direct   each is a send(2), as in the epoll client: what multishot receive brings by itself
//     sqpoll   as batch, but a kernel thread, on this CPU, takes the sends in
//
// Ends with status 4 where this kernel can't, or may not, do it.
#include "tests/perf/bare_client.hpp"

#include <liburing.h>
#include <sched.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

namespace {

using namespace echotrio;

constexpr int kNotHere = 4;
constexpr unsigned kSubmissions = 1024;
// Buffers of a message's size, as many as completions come between two looks: they stay in cache.
constexpr unsigned kBuffers = 1024;
constexpr std::size_t kBufferSize = 512;
constexpr unsigned kBatch = 256;
constexpr std::uint64_t kSend = std::uint64_t{1} << 32U;  // beside the connection in user_data

enum class Way { batch, direct, sqpoll };

[[noreturn]] void cannot(const char* what, int error) {
    perf::fail(fmt::format("io_uring: {}: {}", what, std::strerror(error)), kNotHere);
}

class UringClient {
  public:
    UringClient(perf::ClosedLoop& loop, Way way) : loop_(loop), way_(way) {
        io_uring_params wanted{};
        wanted.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER;
        wanted.cq_entries = std::max(4096U, std::bit_ceil(2 * loop.size()));
        if (way == Way::sqpoll) {
            wanted.flags |= IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF;
            wanted.sq_thread_cpu = static_cast<unsigned>(::sched_getcpu());
        } else {
            wanted.flags |= IORING_SETUP_DEFER_TASKRUN;
        }
        if (const int e = io_uring_queue_init_params(kSubmissions, &ring_, &wanted); e < 0) {
            cannot("no ring (Linux 6.1 or later, and the right to)", -e);
        }
        register_sockets();
        give_buffers();
    }

    void start() {
        for (std::uint32_t i = 0; i < loop_.size(); ++i) {
            receive(i);
            send(i);
        }
    }

    std::uint64_t run_until(TimePoint end) {
        std::uint64_t replies = 0;
        io_uring_cqe* done[kBatch];
        while (now() < end) {
            submit_and_wait();
            unsigned n = 0;
            do {
                n = io_uring_peek_batch_cqe(&ring_, done, kBatch);
                for (unsigned i = 0; i < n; ++i) replies += completed(*done[i]);
                io_uring_cq_advance(&ring_, n);
                io_uring_buf_ring_advance(buffers_, std::exchange(returned_, 0));
            } while (n == kBatch);
        }
        return replies;
    }

  private:
    void register_sockets() {
        io_uring_register_ring_fd(&ring_);
        std::vector<int> sockets;
        for (std::uint32_t i = 0; i < loop_.size(); ++i) sockets.push_back(loop_.fd(i));
        if (const int e = io_uring_register_files(&ring_, sockets.data(), loop_.size()); e < 0) {
            cannot("sockets not registered", -e);
        }
    }

    void give_buffers() {
        constexpr std::size_t kPage = 4096;
        memory_.reset(static_cast<char*>(std::aligned_alloc(kPage, kBuffers * kBufferSize)));
        buffers_ = static_cast<io_uring_buf_ring*>(
            std::aligned_alloc(kPage, kBuffers * sizeof(io_uring_buf)));
        io_uring_buf_reg ring{};
        ring.ring_addr = reinterpret_cast<std::uint64_t>(buffers_);
        ring.ring_entries = kBuffers;
        if (const int e = io_uring_register_buf_ring(&ring_, &ring, 0); e < 0) {
            cannot("no ring of buffers", -e);
        }
        io_uring_buf_ring_init(buffers_);
        for (unsigned i = 0; i < kBuffers; ++i) give_back(static_cast<std::uint16_t>(i));
        io_uring_buf_ring_advance(buffers_, std::exchange(returned_, 0));
    }

    char* buffer(std::uint16_t id) { return memory_.get() + id * kBufferSize; }

    void give_back(std::uint16_t id) {
        io_uring_buf_ring_add(buffers_, buffer(id), kBufferSize, id,
                              io_uring_buf_ring_mask(kBuffers), returned_++);
    }

    io_uring_sqe* entry() {
        io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
        while (sqe == nullptr) {
            io_uring_submit(&ring_);
            if (way_ == Way::sqpoll) io_uring_sqring_wait(&ring_);
            sqe = io_uring_get_sqe(&ring_);
        }
        return sqe;
    }

    void receive(std::uint32_t i) {
        io_uring_sqe* sqe = entry();
        io_uring_prep_recv_multishot(sqe, static_cast<int>(i), nullptr, 0, 0);
        io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
        sqe->buf_group = 0;
        io_uring_sqe_set_data64(sqe, i);
    }

    void send(std::uint32_t i) {
        if (way_ == Way::direct) {
            loop_.send_now(i);
            return;
        }
        const std::string_view request = loop_.next(i);
        io_uring_sqe* sqe = entry();
        // A send that went well says nothing, so it may not stop half-way.
        io_uring_prep_send(sqe, static_cast<int>(i), request.data(), request.size(),
                           MSG_NOSIGNAL | MSG_WAITALL);
        io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS);
        io_uring_sqe_set_data64(sqe, kSend | i);
    }

    void submit_and_wait() {
        __kernel_timespec limit{1, 0};
        io_uring_cqe* first = nullptr;
        const int e = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
        if (e < 0 && e != -ETIME && e != -EINTR) cannot("no waiting", -e);
    }

    // A reply or a part of one: how many replies it completed.
    std::uint64_t completed(const io_uring_cqe& cqe) {
        if ((cqe.user_data & kSend) != 0) perf::fail("cannot send");
        const auto i = static_cast<std::uint32_t>(cqe.user_data);
        if (cqe.res == -EINVAL) cannot("no multishot receive (Linux 6.0 or later)", EINVAL);
        if (cqe.res <= 0 && cqe.res != -ENOBUFS) perf::fail("a broken reply");
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) receive(i);
        if (cqe.res <= 0) return 0;
        const auto id = static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
        const bool whole = loop_.take(i, {buffer(id), static_cast<std::size_t>(cqe.res)});
        give_back(id);
        if (!whole) return 0;
        send(i);
        return 1;
    }

    struct Free {
        void operator()(char* memory) const { std::free(memory); }
    };

    perf::ClosedLoop& loop_;
    Way way_;
    io_uring ring_{};
    std::unique_ptr<char, Free> memory_;
    io_uring_buf_ring* buffers_ = nullptr;  // the kernel's as long as the process lives
    int returned_ = 0;
};

Way way_of(const std::string& word) {
    if (word == "batch") return Way::batch;
    if (word == "direct") return Way::direct;
    if (word != "sqpoll") perf::fail("WAY: batch, direct or sqpoll");
    return Way::sqpoll;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        perf::fail("uring_client PORT CONNECTIONS SECONDS raw SIZE | echo SIZE | http PATH  WAY");
    }
    const perf::Asked asked = perf::asked(argv);
    perf::ClosedLoop loop(asked);
    UringClient client(loop, way_of(argv[6]));
    perf::measure(client, loop, asked);
    return 0;
}
