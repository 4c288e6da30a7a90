// The calls that inject.cpp can let fail, and where it counts its faults.
#pragma once

#include <cstddef>
#include <string_view>

namespace echotrio::faults {

enum Call : unsigned {
    kRecv,
    kSend,
    kAccept,
    kSocket,
    kConnect,
    kPoll,
    kEpollWait,
    kFork,
    kThread,
    kFileWrite,
    kFsync,
    kRename,
    kCalls,
};

inline constexpr std::string_view kCallNames[kCalls] = {
    "recv",       "send", "accept4",        "socket",     "connect", "poll",
    "epoll_wait", "fork", "pthread_create", "file_write", "fsync",   "rename"};

// kCalls when there is no such call.
constexpr Call call_named(std::string_view name) {
    unsigned call = 0;
    while (call < kCalls && kCallNames[call] != name) ++call;
    return static_cast<Call>(call);
}

// The log: an array of unsigned long, faults by call.
inline constexpr std::size_t kLogSize = 4096;

}  // namespace echotrio::faults
