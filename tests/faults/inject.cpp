// The one seam for faults: a library that is loaded before libc (LD_PRELOAD) and lets calls of an
// unchanged program fail, so that what is tested is what is shipped.
//
//     ECHOTRIO_FAULTS="recv=EINTR/3,send=short/2,accept4=EMFILE/5+10"
//
// lets every 3rd recv fail with EINTR, every 2nd send handle one byte only, and every 5th accept4
// after the first 10 fail with EMFILE. ECHOTRIO_FAULTS_LOG names a file in which each call's faults
// are counted, for all processes of the program together. Not for sanitizer builds, which want to
// be loaded first themselves.
#include "tests/faults/inject.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace echotrio::faults {
namespace {

struct Rule {
    int error = 0;  // 0: a short count instead
    unsigned every = 0;
    unsigned skip = 0;
    std::atomic<unsigned> calls{0};
};

struct ErrorName {
    std::string_view name;
    int number;
};
constexpr ErrorName kErrors[] = {
    {"EINTR", EINTR},   {"EAGAIN", EAGAIN},   {"EMFILE", EMFILE},
    {"ENFILE", ENFILE}, {"ENOMEM", ENOMEM},   {"ECONNABORTED", ECONNABORTED},
    {"EPIPE", EPIPE},   {"ENOSPC", ENOSPC},   {"ECONNRESET", ECONNRESET},
    {"EIO", EIO},       {"ENOBUFS", ENOBUFS}, {"short", 0}};

Rule rules[kCalls];
std::atomic<unsigned long>* counts = nullptr;

[[noreturn]] void unusable(const char* what) {
    std::fprintf(stderr, "ECHOTRIO_FAULTS: %s\n", what);
    std::abort();
}

void add_rule(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::size_t slash = text.find('/');
    if (equals == std::string_view::npos || slash == std::string_view::npos) unusable("no rule");
    const Call call = call_named(text.substr(0, equals));
    if (call == kCalls) unusable("unknown call");
    Rule& rule = rules[call];
    const std::string_view error = text.substr(equals + 1, slash - equals - 1);
    bool known = false;
    for (const ErrorName& e : kErrors) {
        if (e.name != error) continue;
        rule.error = e.number;
        known = true;
    }
    char* rest = nullptr;
    rule.every = static_cast<unsigned>(std::strtoul(text.data() + slash + 1, &rest, 10));
    if (*rest == '+') rule.skip = static_cast<unsigned>(std::strtoul(rest + 1, nullptr, 10));
    if (!known || rule.every == 0) unusable("unknown error or period");
}

__attribute__((constructor)) void read_rules() {
    const char* const text = std::getenv("ECHOTRIO_FAULTS");
    const char* const log = std::getenv("ECHOTRIO_FAULTS_LOG");
    if (text == nullptr || log == nullptr) return;
    const int fd = ::open(log, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, kLogSize) != 0) unusable("cannot open ECHOTRIO_FAULTS_LOG");
    void* const memory = ::mmap(nullptr, kLogSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) unusable("cannot map ECHOTRIO_FAULTS_LOG");
    ::close(fd);
    counts = static_cast<std::atomic<unsigned long>*>(memory);
    for (std::string_view left = text; !left.empty();) {
        const std::size_t comma = left.find(',');
        add_rule(left.substr(0, comma));
        left.remove_prefix(comma == std::string_view::npos ? left.size() : comma + 1);
    }
}

// Whether this call is to fail (errno is then set) or to be cut short (errno 0).
bool strikes(Call call) {
    Rule& rule = rules[call];
    if (rule.every == 0 || counts == nullptr) return false;
    const unsigned n = rule.calls.fetch_add(1) + 1;
    if (n <= rule.skip || (n - rule.skip) % rule.every != 0) return false;
    counts[call].fetch_add(1);
    errno = rule.error;
    return true;
}

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// A transfer of bytes: fails, or handles one byte only.
template <class Real>
ssize_t transfer(Call call, std::size_t size, Real real) {
    if (!strikes(call)) return real(size);
    if (errno != 0) return -1;
    return real(size > 0 ? 1 : 0);
}

}  // namespace
}  // namespace echotrio::faults

using namespace echotrio::faults;

extern "C" {

ssize_t recv(int fd, void* buffer, size_t size, int flags) {
    static auto* const real = next<decltype(recv)>("recv");
    return transfer(kRecv, size, [&](size_t n) { return real(fd, buffer, n, flags); });
}
// What a fortified recv calls; the name is glibc's.
// NOLINTNEXTLINE(readability-identifier-naming)
ssize_t __recv_chk(int fd, void* buffer, size_t size, size_t, int flags) {
    return recv(fd, buffer, size, flags);
}
ssize_t send(int fd, const void* buffer, size_t size, int flags) {
    static auto* const real = next<decltype(send)>("send");
    return transfer(kSend, size, [&](size_t n) { return real(fd, buffer, n, flags); });
}
// What stdio writes to a file; its own call of write can't be seen from here.
size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
    static auto* const real = next<decltype(fwrite)>("fwrite");
    struct stat status = {};
    const bool regular = ::fstat(::fileno(file), &status) == 0 && S_ISREG(status.st_mode);
    return regular && strikes(kFileWrite) ? 0 : real(data, size, count, file);
}
int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
    static auto* const real = next<decltype(accept4)>("accept4");
    return strikes(kAccept) ? -1 : real(fd, address, length, flags);
}
int socket(int domain, int type, int protocol) noexcept {
    static auto* const real = next<int(int, int, int)>("socket");
    return strikes(kSocket) ? -1 : real(domain, type, protocol);
}
int connect(int fd, const sockaddr* address, socklen_t length) {
    static auto* const real = next<decltype(connect)>("connect");
    return strikes(kConnect) ? -1 : real(fd, address, length);
}
int poll(pollfd* fds, nfds_t count, int timeout) {
    static auto* const real = next<decltype(poll)>("poll");
    return strikes(kPoll) ? -1 : real(fds, count, timeout);
}
int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    static auto* const real = next<decltype(ppoll)>("ppoll");
    return strikes(kPoll) ? -1 : real(fds, count, timeout, mask);
}
int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
    static auto* const real = next<decltype(epoll_wait)>("epoll_wait");
    return strikes(kEpollWait) ? -1 : real(epoll, events, most, timeout);
}
int epoll_pwait2(int epoll, epoll_event* events, int most, const timespec* timeout,
                 const sigset_t* mask) {
    static auto* const real = next<decltype(epoll_pwait2)>("epoll_pwait2");
    return strikes(kEpollWait) ? -1 : real(epoll, events, most, timeout, mask);
}
pid_t fork() noexcept {
    static auto* const real = next<pid_t()>("fork");
    return strikes(kFork) ? -1 : real();
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    static auto* const real =
        next<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
    return strikes(kThread) ? errno : real(thread, attributes, start, argument);
}
int fsync(int fd) {
    static auto* const real = next<decltype(fsync)>("fsync");
    return strikes(kFsync) ? -1 : real(fd);
}
int rename(const char* from, const char* to) noexcept {
    static auto* const real = next<int(const char*, const char*)>("rename");
    return strikes(kRename) ? -1 : real(from, to);
}

}  // extern "C"
