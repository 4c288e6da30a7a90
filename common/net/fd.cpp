#include "common/net/fd.hpp"

#include <unistd.h>

namespace echotrio::net {

void Fd::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);  // Linux frees the descriptor even when close says EINTR
    fd_ = fd;
}

}  // namespace echotrio::net
