#include "tests/support/client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cctype>
#include <charconv>

namespace echotrio::test {

Client::Client(const net::HostPort& where) {
    auto fd = net::connect_tcp(where, kPatience);
    if (fd) fd_ = std::move(*fd);
}

bool Client::send(std::string_view bytes) {
    net::set_send_timeout(fd_.get(), kPatience);
    while (!bytes.empty()) {
        const Io io = net::write_some(fd_.get(), bytes);
        if (io.kind != Io::Kind::bytes) return false;
        bytes.remove_prefix(io.bytes.size());
    }
    return true;
}

void Client::finish() const {
    ::shutdown(fd_.get(), SHUT_WR);
}

void Client::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
}

bool Client::fill(TimePoint deadline) {
    if (state_ != State::open) return false;
    const Nanos left = deadline - now();
    if (left <= Nanos(0)) return false;
    net::set_receive_timeout(fd_.get(), left);
    std::array<char, 16 * 1024> buffer;
    const Io io = net::read_some(fd_.get(), buffer);
    if (io.kind == Io::Kind::end) state_ = State::ended;
    if (io.kind == Io::Kind::failed) state_ = State::broken;
    if (io.kind != Io::Kind::bytes) return false;
    pending_.append(buffer.data(), io.bytes.size());
    return true;
}

std::string Client::receive(std::size_t n, Nanos patience) {
    const TimePoint deadline = now() + patience;
    while (pending_.size() < n && fill(deadline)) {
    }
    std::string bytes = pending_.substr(0, n);
    pending_.erase(0, bytes.size());
    return bytes;
}

std::string Client::receive_all(Nanos patience) {
    return receive(std::string::npos, patience);
}

Client::State Client::state(Nanos patience) {
    const TimePoint deadline = now() + patience;
    while (fill(deadline)) {
    }
    return state_;
}

std::optional<std::string> Client::line() {
    const TimePoint deadline = now() + kPatience;
    std::size_t end = 0;
    while ((end = pending_.find("\r\n")) == std::string::npos) {
        if (!fill(deadline)) return std::nullopt;
    }
    std::string text = pending_.substr(0, end);
    pending_.erase(0, end + 2);
    return text;
}

std::optional<std::string> Client::chunks() {
    std::string body;
    while (true) {
        const auto size_line = line();
        if (!size_line) return std::nullopt;
        std::size_t size = 0;
        std::from_chars(size_line->data(), size_line->data() + size_line->size(), size, 16);
        const std::string chunk = receive(size);
        if (chunk.size() != size || receive(2) != "\r\n") return std::nullopt;
        if (size == 0) return body;
        body += chunk;
    }
}

std::optional<Reply> Client::reply(bool head, bool interim) {
    Reply reply;
    const auto status_line = line();
    if (!status_line || !status_line->starts_with("HTTP/1.") || status_line->size() < 12) {
        return std::nullopt;
    }
    std::from_chars(status_line->data() + 9, status_line->data() + 12, reply.status);
    while (true) {
        const auto header = line();
        if (!header) return std::nullopt;
        if (header->empty()) break;
        const std::size_t colon = header->find(": ");
        if (colon == std::string::npos) return std::nullopt;
        std::string name = header->substr(0, colon);
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        reply.headers[name] = header->substr(colon + 2);
    }
    if (reply.status / 100 == 1) return interim ? reply : this->reply(head, interim);
    if (head) return reply;
    if (reply.headers["transfer-encoding"] == "chunked") {
        const auto body = chunks();
        if (!body) return std::nullopt;
        reply.body = *body;
    } else if (const auto length = reply.headers.find("content-length");
               length != reply.headers.end()) {
        const std::size_t size = std::stoul(length->second);
        reply.body = receive(size);
        if (reply.body.size() != size) return std::nullopt;
    }
    return reply;
}

std::optional<Reply> get(const net::HostPort& where, std::string_view path) {
    Client client(where);
    if (!client.connected()) return std::nullopt;
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", path));
    return client.reply();
}

std::size_t ask(Client& client, std::string_view path) {
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path);
    client.send(request);
    return request.size();
}

bool echoes(Client& client) {
    return client.send("\x01ping") && client.receive(5) == "\x01ping";
}

}  // namespace echotrio::test
