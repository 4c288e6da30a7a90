#include "loadgen/subject/guard.hpp"

#include "common/net/socket.hpp"
#include "loadgen/subject/guard_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace echotrio::loadgen {
namespace {

// For the kernel to end what was killed: long only for a process in an uninterruptible call.
constexpr Nanos kKillPatience = std::chrono::seconds(20);
constexpr std::uint64_t kMemoryLimit = 16U << 20U;
constexpr Nanos kSlice = std::chrono::milliseconds(100);  // between two looks at who is in a hurry

Error not_started(const std::string& program, const std::string& why) {
    return Error{fmt::format("cannot start {}: {}", program, why)};
}
Error not_started(const std::string& program, int error) {
    return not_started(program, std::strerror(error));
}

}  // namespace

Result<Guard> Guard::start(const Options& asked, const std::function<void()>& before) {
    CHECK(!asked.argv.empty());
    Options options = asked;
    const bool in_memory = options.log.empty();
    if (in_memory) options.log_limit = std::min(options.log_limit, kMemoryLimit);
    Guard guard;
    guard.log_.reset(in_memory ? ::memfd_create("log", MFD_CLOEXEC)
                               : ::open(options.log.c_str(),
                                        O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
    if (!guard.log_) {
        return Error{fmt::format("cannot write {}: {}", options.log, std::strerror(errno))};
    }
    void* const shared = ::mmap(nullptr, sizeof(SharedTail), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return not_started(options.argv[0], errno);
    guard.tail_ = new (shared) SharedTail;
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return not_started(options.argv[0], errno);
    }
    guard.control_.reset(ends[0]);
    net::Fd theirs(ends[1]);
    guard.guard_ = ::fork();
    if (guard.guard_ < 0) return not_started(options.argv[0], errno);
    if (guard.guard_ == 0) run_guard(options, ends[1], guard.log_.get(), *guard.tail_);
    theirs.reset();  // so that its end shows
    if (before) before();
    guard.order(GuardOrder::What::go, 0);
    while (guard.main_ < 0 && guard.failure_.empty() && !guard.lost_) {
        pollfd wait{ends[0], POLLIN, 0};
        ::poll(&wait, 1, -1);
        guard.read_news();
    }
    if (!guard.failure_.empty()) return not_started(options.argv[0], guard.failure_);
    if (guard.lost_) return Error{fmt::format("cannot start {}: no guard", options.argv[0])};
    return guard;
}

Guard::Guard(Guard&& other) noexcept {
    *this = std::move(other);
}

Guard& Guard::operator=(Guard&& other) noexcept {
    std::swap(guard_, other.guard_);  // what this was ends with `other`
    std::swap(main_, other.main_);
    std::swap(started_, other.started_);
    std::swap(control_, other.control_);
    std::swap(log_, other.log_);
    std::swap(tail_, other.tail_);
    std::swap(status_, other.status_);
    std::swap(empty_, other.empty_);
    std::swap(lost_, other.lost_);
    std::swap(failure_, other.failure_);
    return *this;
}

Guard::~Guard() {
    if (guard_ > 0) {
        if (main_ > 0 && !empty_) kill();
        control_.reset();  // it ends with that
        int status = 0;
        net::retry([&] { return ::waitpid(guard_, &status, empty_ || main_ < 0 ? 0 : WNOHANG); });
    }
    if (tail_ != nullptr) ::munmap(tail_, sizeof(SharedTail));
}

std::vector<ProcStat> Guard::members() const {
    return descendants_of(guard_);
}

void Guard::order(GuardOrder::What what, int signal) const {
    const GuardOrder order{what, signal};
    net::retry([&] { return ::send(control_.get(), &order, sizeof order, MSG_NOSIGNAL); });
}

void Guard::read_news() {
    GuardNews news;
    while (true) {
        const ssize_t n =
            net::retry([&] { return ::recv(control_.get(), &news, sizeof news, MSG_DONTWAIT); });
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n != static_cast<ssize_t>(sizeof news)) {
            lost_ = empty_ = true;
            return;
        }
        switch (news.what) {
            case GuardNews::What::failed:
                failure_ = std::strerror(news.value);
                break;
            case GuardNews::What::not_pinned:
                failure_ =
                    fmt::format("its CPUs are not there for us ({})", std::strerror(news.value));
                break;
            case GuardNews::What::started:
                main_ = news.value;
                started_ = TimePoint(Nanos(news.time_ns));
                break;
            case GuardNews::What::ended:
                status_ = news.value;
                break;
            case GuardNews::What::empty:
                empty_ = true;
                break;
        }
    }
}

std::optional<int> Guard::ended(Nanos timeout) {
    if (!lost_) {
        pollfd wait{control_.get(), POLLIN, 0};
        if (::poll(&wait, 1, net::poll_timeout(timeout)) > 0) read_news();
    }
    if (!status_ && lost_) status_ = 128 + SIGKILL;
    return status_;
}

bool Guard::wait_until_empty(Nanos timeout, const std::function<bool()>& hurry) {
    const TimePoint deadline = now() + timeout;
    while (!empty_ && now() < deadline && !(hurry && hurry())) {
        pollfd wait{control_.get(), POLLIN, 0};
        const Nanos slice = std::min(kSlice, deadline - now());
        if (::poll(&wait, 1, net::poll_timeout(slice)) > 0) read_news();
    }
    return empty_;
}

bool Guard::has_written() const {
    return tail_->seen;
}

std::string Guard::log_from(std::uint64_t offset) const {
    std::string text(64U << 10U, '\0');
    const ssize_t n = ::pread(log_.get(), text.data(), text.size(), static_cast<off_t>(offset));
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return text;
}

std::string Guard::log_tail() const {
    const std::uint64_t written = tail_->written.load(std::memory_order_acquire);
    const std::uint64_t size = std::min<std::uint64_t>(written, tail_->ring.size());
    std::string text;
    text.reserve(size);
    for (std::uint64_t i = written - size; i < written; ++i) {
        text += tail_->ring[i % tail_->ring.size()];
    }
    return text;
}

bool Guard::kill() {
    order(GuardOrder::What::kill, 0);
    return wait_until_empty(kKillPatience, {});
}

bool Guard::stop(int signal, Nanos grace, const std::function<bool()>& hurry) {
    read_news();
    if (empty_) return true;
    order(GuardOrder::What::stop, signal);
    return wait_until_empty(grace, hurry) || kill();
}

}  // namespace echotrio::loadgen
