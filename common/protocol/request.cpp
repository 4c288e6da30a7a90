// llhttp's callbacks, and the checks on a head as a whole.
#include "common/protocol/request.hpp"

#include "common/protocol/authority.hpp"

#include <algorithm>

namespace echotrio::protocol {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view lower) {
    return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(),
                                                  [](char x, char y) { return (x | 0x20) == y; });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    return text;
}

Method method_of(int method) {
    switch (method) {
        case HTTP_GET:
            return Method::get;
        case HTTP_HEAD:
            return Method::head;
        case HTTP_POST:
            return Method::post;
        case HTTP_PUT:
            return Method::put;
        case HTTP_OPTIONS:
            return Method::options;
        case HTTP_CONNECT:
            return Method::connect;
        default:
            return Method::other;
    }
}

// The members of a list, empty ones left out (RFC 9110 5.6.1). A comma in a quoted string would
// divide it: no field here has a member with one that is understood.
template <class Use>
void each_member(std::string_view list, Use use) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view member = trimmed(list.substr(0, comma));
        if (!member.empty()) use(member);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
}

constexpr Problem kBadTarget{400, "the request target is not a path or an http URL"};
constexpr Problem kTwoLengths{400, "Content-Length is given twice or beside Transfer-Encoding"};

// Whether a head that llhttp refused says the body's length in more than one way. llhttp's releases
// differ in which error that is and in whether it comes before those of later lines, so it is
// looked for in the text.
bool has_two_lengths(std::string_view head) {
    int lengths = 0, encodings = 0;
    for (std::size_t at = head.find('\n') + 1; at < head.size(); at = head.find('\n', at) + 1) {
        const std::string_view rest = head.substr(at);
        const std::string_view name = trimmed(rest.substr(0, rest.find_first_of(":\n")));
        if (same_ignoring_case(name, "content-length")) ++lengths;
        if (same_ignoring_case(name, "transfer-encoding")) ++encodings;
    }
    return lengths > 1 || (lengths > 0 && encodings > 0);
}

// Other targets than paths (RFC 9112 3.2): which form one may have depends on the method.
Problem check_target(Method method, std::string_view target) {
    if (method == Method::options && target == "*") return {};
    if (method == Method::connect) {
        const auto authority = parse_authority(target);
        if (!authority || !authority->has_valid_port()) {
            return {400, "the request target of CONNECT is not host:port"};
        }
        // And the connection closes: the client may have sent on what is for the other end.
        return {501, "this server is no proxy"};
    }
    constexpr std::size_t kScheme = std::string_view("http://").size();
    if (same_ignoring_case(target.substr(0, kScheme), "http://")) {
        const std::string_view rest = target.substr(kScheme);
        if (parse_authority(rest.substr(0, rest.find_first_of("/?")))) return {};
    }
    return kBadTarget;
}

}  // namespace

struct RequestParser::Callbacks {
    static RequestParser& self(llhttp_t* parser) {
        return *static_cast<RequestParser*>(parser->data);
    }

    static int on_url(llhttp_t* parser, const char* at, std::size_t size) {
        RequestParser& p = self(parser);
        p.head_.target = {static_cast<std::size_t>(at - p.start_), size};
        return 0;
    }

    static int on_header_field(llhttp_t* parser, const char* at, std::size_t size) {
        RequestParser& p = self(parser);
        const std::string_view name(at, size);
        p.field_ = Field::other;
        switch (size) {
            case 4:
                if (same_ignoring_case(name, "host")) p.field_ = Field::host;
                break;
            case 6:
                if (same_ignoring_case(name, "expect")) p.field_ = Field::expect;
                break;
            case 10:
                if (same_ignoring_case(name, "connection")) p.field_ = Field::connection;
                break;
            case 12:
                if (same_ignoring_case(name, "content-type")) p.field_ = Field::content_type;
                break;
            case 17:
                if (same_ignoring_case(name, "transfer-encoding")) {
                    p.field_ = Field::transfer_encoding;
                }
                break;
            default:
                break;
        }
        if (p.field_ == Field::host && p.hosts_ < 2) ++p.hosts_;
        if (p.field_ == Field::transfer_encoding && p.encodings_ < 2) ++p.encodings_;
        return 0;
    }

    // A head is parsed in one piece and has no folded lines, so each value comes in one piece too.
    static int on_header_value(llhttp_t* parser, const char* at, std::size_t size) {
        RequestParser& p = self(parser);
        const std::string_view value = trimmed({at, size});
        switch (p.field_) {
            case Field::other:
                break;
            case Field::host:
                // empty where the target has no authority (RFC 9112 3.2)
                p.bad_host_ = p.bad_host_ || (!value.empty() && !is_authority(value));
                break;
            case Field::expect:
                each_member(value, [&p](std::string_view member) {
                    const bool known = same_ignoring_case(member, "100-continue");
                    (known ? p.head_.expects_continue : p.unknown_expectation_) = true;
                });
                break;
            case Field::connection:  // llhttp overlooks some that white space or commas surround
                each_member(value, [&p](std::string_view member) {
                    p.close_ = p.close_ || same_ignoring_case(member, "close");
                    p.keep_alive_ = p.keep_alive_ || same_ignoring_case(member, "keep-alive");
                });
                break;
            case Field::content_type:
                p.head_.content_type = {static_cast<std::size_t>(value.data() - p.start_),
                                        value.size()};
                break;
            case Field::transfer_encoding:
                p.plain_chunked_ = same_ignoring_case(value, "chunked");
                break;
        }
        return 0;
    }

    static int on_headers_complete(llhttp_t* parser) {
        RequestParser& p = self(parser);
        Head& head = p.head_;
        head.method = method_of(parser->method);
        head.http_1_0 = parser->http_minor == 0;
        head.keep_alive = !p.close_ && (!head.http_1_0 || p.keep_alive_);
        head.chunked = (parser->flags & F_CHUNKED) != 0;
        head.content_length = head.chunked ? 0 : parser->content_length;
        head.size = 1;        // seen; parse_head() sets the size
        parser->upgrade = 0;  // an Upgrade is not taken up: HTTP/1.1 goes on (RFC 9110 7.8)
        return 0;
    }

    // The next request is begun anew, whatever llhttp would make of this one's Connection.
    static int on_message_complete(llhttp_t*) { return HPE_PAUSED; }

    static const llhttp_settings_t* settings() {
        static const llhttp_settings_t all = [] {
            llhttp_settings_t s;
            llhttp_settings_init(&s);
            s.on_url = on_url;
            s.on_header_field = on_header_field;
            s.on_header_value = on_header_value;
            s.on_headers_complete = on_headers_complete;
            s.on_message_complete = on_message_complete;
            return s;
        }();
        return &all;
    }
};

RequestParser::RequestParser() {
    llhttp_init(&parser_, HTTP_REQUEST, Callbacks::settings());
    parser_.data = this;
}

Problem RequestParser::parse_head(std::string_view bytes) {
    llhttp_reset(&parser_);
    head_ = Head{};
    field_ = Field::other;
    hosts_ = encodings_ = 0;
    plain_chunked_ = close_ = keep_alive_ = unknown_expectation_ = bad_host_ = false;
    start_ = bytes.data();
    const llhttp_errno_t result = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (result != HPE_OK && result != HPE_PAUSED && has_two_lengths(bytes)) return kTwoLengths;
    switch (result) {
        case HPE_OK:
        case HPE_PAUSED:
            break;
        case HPE_INVALID_CONTENT_LENGTH:
            return {400, "Content-Length is not a number"};
        case HPE_INVALID_TRANSFER_ENCODING:
            return {400, "chunked must be the last transfer coding"};
        case HPE_INVALID_URL:
            return kBadTarget;
        default:
            return {400, "a header line is malformed"};
    }
    if (head_.size == 0) return {400, "the head is malformed"};
    head_.size = bytes.size();
    return check(head_.target.in(bytes));
}

Problem RequestParser::check(std::string_view target) const {
    // RFC 9112 6.1: with a Content-Length beside it the framing is not to be trusted
    if (encodings_ > 0 && (parser_.flags & F_CONTENT_LENGTH) != 0) return kTwoLengths;
    if (hosts_ > 1 || bad_host_ || (hosts_ == 0 && !head_.http_1_0)) {
        return {400, "exactly one valid Host header is needed"};
    }
    if (encodings_ > 0) {
        if (head_.http_1_0) return {400, "HTTP/1.0 has no Transfer-Encoding"};
        if (!head_.chunked) return {400, "chunked must be the last transfer coding"};
        if (encodings_ > 1 || !plain_chunked_) {
            return {501, "chunked is the only transfer coding known here"};
        }
    }
    if (unknown_expectation_ && !head_.http_1_0) {
        return {417, "100-continue is the only expectation known here"};
    }
    const bool path = target.starts_with('/') && head_.method != Method::connect;
    return path ? Problem{} : check_target(head_.method, target);
}

}  // namespace echotrio::protocol
