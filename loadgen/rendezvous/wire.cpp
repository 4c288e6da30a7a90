#include "loadgen/rendezvous/wire.hpp"

#include "common/net/socket.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace echotrio::loadgen::rendezvous {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;

}  // namespace

Wire::Wire(net::Fd connection) : connection_(std::move(connection)) {
    net::set_nonblocking(fd(), true);
}

std::optional<std::string> Wire::flush() {
    while (!out_.empty()) {
        const Io io = net::write_some(fd(), out_);
        if (io.kind == Io::Kind::would_block) return std::nullopt;
        if (io.kind != Io::Kind::bytes) return std::strerror(io.error);
        out_.erase(0, io.bytes.size());
    }
    return std::nullopt;
}

std::optional<std::string> Wire::read(std::size_t longest) {
    std::array<char, kPiece> piece;
    const std::size_t most = std::min(piece.size(), longest + 1);
    const Io io = net::read_some(fd(), std::span(piece).first(most));
    if (io.kind == Io::Kind::would_block) return std::nullopt;
    if (io.kind == Io::Kind::end) return "it closed its connection";
    if (io.kind != Io::Kind::bytes) return std::strerror(io.error);
    in_.add(io.bytes);
    return std::nullopt;
}

}  // namespace echotrio::loadgen::rendezvous
