#include "common/protocol/resource.hpp"

#include "common/base/units.hpp"
#include "common/protocol/characters.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace echotrio::protocol {
namespace {

constexpr std::string_view kEcho = "/echo/";
// What Allow says of a path.
constexpr std::string_view kBodyMethods = "POST, PUT, OPTIONS";
constexpr std::string_view kPageMethods = "GET, HEAD, OPTIONS";

// What the query may ask the request to cost.
struct Parameter {
    std::string_view name;
    Nanos Resource::*cost;
};
constexpr std::array kParameters{
    Parameter{"cpu", &Resource::cpu}, Parameter{"native", &Resource::native},
    Parameter{"hold", &Resource::hold}, Parameter{"wait", &Resource::wait}};
using Given = std::bitset<kParameters.size()>;

bool is_percent_encoded(std::string_view text) {
    for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
        if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
            return false;
        }
    }
    return true;
}

// http://host/path -> /path. An empty path means "/" (RFC 9112 3.2.1), with OPTIONS the whole
// server (3.2.4); a query may follow at once.
std::string_view without_authority(Method method, std::string_view target) {
    if (target.starts_with('/')) return target;
    const std::size_t slashes = target.find("://");
    if (slashes == std::string_view::npos) return target;
    const std::size_t path = target.find_first_of("/?", slashes + 3);
    if (path != std::string_view::npos) return target.substr(path);
    return method == Method::options ? "*" : "/";
}

// One name=value of the query. What is not ours is left alone: clients add parameters of their own.
Problem take_parameter(std::string_view parameter, Resource& found, Given& given) {
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    const auto* known = std::find_if(kParameters.begin(), kParameters.end(),
                                     [&](const Parameter& one) { return one.name == name; });
    if (known == kParameters.end()) return {};
    const auto index = static_cast<std::size_t>(known - kParameters.begin());
    const auto refuse = [&](const std::string& why) -> Problem {
        found.detail = std::string(name) + ": " + why;
        return {400, found.detail};
    };
    if (given.test(index)) return refuse("is given twice");
    given.set(index);
    const auto duration =
        parse_duration(equals == std::string_view::npos ? "" : parameter.substr(equals + 1));
    if (!duration) return refuse(duration.error().message);
    if (*duration > kLongestWork) return refuse("must be at most " + format_duration(kLongestWork));
    found.*known->cost = *duration;
    return {};
}

Problem take_query(std::string_view query, Resource& found) {
    Given given;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const Problem problem = take_parameter(query.substr(0, end), found, given);
        if (problem) return problem;
        query = end == std::string_view::npos ? "" : query.substr(end + 1);
    }
    return {};
}

Page find_page(std::string_view path) {
    if (path.starts_with(kEcho)) return Page::echo_text;
    if (path == "/echo") return Page::echo_body;
    if (path == "/") return Page::about;
    if (path == "/stats") return Page::stats;
    if (path == "/metrics") return Page::metrics;
    if (path == "/healthz") return Page::healthz;
    return Page::none;
}

}  // namespace

void find_resource(Method method, std::string_view whole, const Settings& settings,
                   Resource& found) {
    const std::string_view target = without_authority(method, whole);
    const std::size_t question = target.find('?');
    const std::string_view path = question == 0 ? "/" : target.substr(0, question);
    const bool server = method == Method::options && path == "*";
    found.page = server ? Page::options : find_page(path);
    found.encoded = false;
    found.problem = {};
    found.allow = {};
    found.text = {};
    found.cpu = found.native = found.hold = found.wait = Nanos(0);
    const bool takes_body = found.page == Page::echo_body;
    if (found.page == Page::none) {
        found.problem = {404, "no such page; GET / says what there is"};
    } else if (server) {
        found.allow = "GET, HEAD, POST, PUT, OPTIONS";
    } else if (method == Method::options) {
        found.page = Page::options;
        found.allow = takes_body ? kBodyMethods : kPageMethods;
    } else if (takes_body && method != Method::post && method != Method::put) {
        found.allow = kBodyMethods;
        found.problem = {405, "this path takes only POST, PUT, OPTIONS"};
    } else if (!takes_body && method != Method::get && method != Method::head) {
        found.allow = kPageMethods;
        found.problem = {405, "this path takes only GET, HEAD, OPTIONS"};
    } else if (takes_body || found.page == Page::echo_text) {
        found.cpu = settings.cpu;
        found.wait = settings.wait;
        const std::string_view text = takes_body ? "" : path.substr(kEcho.size());
        if (!takes_body) {
            found.text = {static_cast<std::size_t>(text.data() - whole.data()), text.size()};
            found.encoded = text.find('%') != std::string_view::npos;
        }
        if (found.encoded && !is_percent_encoded(text)) {
            found.problem = {400, "a % must be followed by two hexadecimal digits"};
        } else if (question != std::string_view::npos) {
            found.problem = take_query(target.substr(question + 1), found);
        }
    }
    found.cpu += settings.base_cost;
}

std::size_t percent_decoded_size(std::string_view text) noexcept {
    return text.size() - 2 * static_cast<std::size_t>(std::count(text.begin(), text.end(), '%'));
}

std::size_t percent_decode(char* text, std::size_t size) noexcept {
    char* to = text;
    for (const char* from = text; from < text + size; ++from) {
        if (*from == '%') {
            *to++ = static_cast<char>(hex_digit(from[1]) << 4 | hex_digit(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    return static_cast<std::size_t>(to - text);
}

}  // namespace echotrio::protocol
