#include "loadgen/rendezvous/message.hpp"

#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace echotrio::loadgen::rendezvous {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Message::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 12> kNames{{
    {Kind::hello, "hello"},
    {Kind::refused, "refused"},
    {Kind::ping, "ping"},
    {Kind::pong, "pong"},
    {Kind::prepare, "prepare"},
    {Kind::connected, "connected"},
    {Kind::start, "start"},
    {Kind::beat, "beat"},
    {Kind::stop, "stop"},
    {Kind::failed, "failed"},
    {Kind::result, "result"},
    {Kind::verdict, "verdict"},
}};

// The keys of a kind, for reading and for writing.
void keys(Message& m, const auto& visit) {
    switch (m.kind) {
        case Kind::hello:
            visit("version", m.hello.version);
            visit("load", m.hello.load);
            visit("rank", m.hello.rank);
            visit("of", m.hello.of);
            visit("token", m.hello.token);
            break;
        case Kind::refused:
        case Kind::stop:
        case Kind::failed:
            visit("why", m.why);
            break;
        case Kind::ping:
        case Kind::verdict:
            visit("number", m.number);
            break;
        case Kind::pong:
            visit("number", m.number);
            visit("time", m.time);
            break;
        case Kind::start:
            visit("time", m.time);
            break;
        case Kind::result:
            visit("result", m.result);
            break;
        case Kind::prepare:
        case Kind::connected:
        case Kind::beat:
            break;
    }
}

struct Write {
    Json& out;
    void operator()(const char* key, const auto& value) const { out[key] = value; }
    void operator()(const char* key, Nanos value) const { out[key] = value.count(); }
};

struct Read {
    const Json& in;
    void operator()(const char* key, std::string& value) const {
        value = in.at(key).get_ref<const std::string&>();
    }
    void operator()(const char* key, std::uint64_t& value) const {
        value = in.at(key).get_ref<const std::uint64_t&>();
    }
    void operator()(const char* key, Nanos& value) const {
        const auto count = in.at(key).get_ref<const std::uint64_t&>();
        if (count > std::uint64_t{1} << 62U) throw std::out_of_range(key);
        value = Nanos(static_cast<Nanos::rep>(count));
    }
    void operator()(const char* key, Json& value) const { value = in.at(key); }
};

}  // namespace

std::string to_line(const Message& message) {
    const auto* const name = std::find_if(
        kNames.begin(), kNames.end(), [&](const auto& one) { return one.first == message.kind; });
    Json json{{"say", name->second}};
    Message copy = message;
    keys(copy, Write{json});
    return to_text(json);
}

Result<Message> message_from(std::string_view line) {
    const auto json = json_from_text(line);
    if (!json) return json.error();
    if (!json->is_object()) return Error{"not an object"};
    const auto say = json->find("say");
    if (say == json->end() || !say->is_string()) return Error{"it does not say what it is"};
    const auto* const name = std::find_if(kNames.begin(), kNames.end(), [&](const auto& one) {
        return one.second == say->get_ref<const std::string&>();
    });
    if (name == kNames.end()) return Error{"an unknown message"};
    Message message;
    message.kind = name->first;
    try {
        keys(message, Read{*json});
    } catch (const std::exception&) {  // a key that is missing, or of another type
        return Error{"it lacks what belongs to it"};
    }
    return message;
}

}  // namespace echotrio::loadgen::rendezvous
