// HAR 1.2 as it streams by: a browser's file has the replies' bodies in it and may be large, and
// of all that a few short texts are wanted.
#include "loadgen/traffic/readers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::json;

// One value: the parser holds it whole.
constexpr std::size_t kLongestValue = std::size_t{64} << 20U;

// What the parser reads, with a count of what it has read since something came of it.
struct Metered {
    Source& source;
    std::size_t since = 0;

    bool at_end() { return since > kLongestValue || source.at_end(); }
};

class Characters {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    Characters() = default;
    explicit Characters(Metered& from) : from_(&from) {}

    char operator*() const { return from_->source.front(); }
    Characters& operator++() {
        from_->source.pop();
        ++from_->since;
        return *this;
    }
    Characters operator++(int) {
        const Characters before = *this;
        ++*this;
        return before;
    }
    // Equal are only ends; that one has come is asked at each comparison.
    bool operator==(const Characters& other) const { return ended() == other.ended(); }
    bool operator!=(const Characters& other) const { return !(*this == other); }

  private:
    bool ended() const { return from_ == nullptr || from_->at_end(); }

    Metered* from_ = nullptr;
};

// Where it is in the document: how deep, and by which keys it came there.
class Place {
  public:
    void enter() {
        ++depth_;
        if (depth_ <= kDeepest) keys_[depth_ - 1].clear();
    }
    void leave() { --depth_; }
    void key(const std::string& name) {
        if (depth_ <= kDeepest) keys_[depth_ - 1].assign(name, 0, kLongestKey);
    }
    std::size_t depth() const { return depth_; }
    const std::string& key_at(std::size_t depth) const { return keys_[depth - 1]; }
    // log is 2 deep, entries 3, an entry 4.
    bool in_entries() const { return depth_ >= 3 && keys_[0] == "log" && keys_[1] == "entries"; }

  private:
    static constexpr std::size_t kDeepest = 6, kLongestKey = 32;
    std::array<std::string, kDeepest> keys_;
    std::size_t depth_ = 0;
};

class HarHandler : public nlohmann::json_sax<Json> {
  public:
    HarHandler(Metered& meter, const std::function<Status(const Look&, std::uint64_t)>& take)
        : meter_(meter), take_(take) {}

    bool has_entries = false;
    std::string error;

    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(number_integer_t n) override { return number(n); }
    bool number_unsigned(number_unsigned_t n) override {
        constexpr number_unsigned_t kMost = std::uint64_t{1} << 40U;
        return number(static_cast<std::int64_t>(std::min(n, kMost)));
    }
    bool number_float(number_float_t, const string_t&) override { return value(); }
    bool string(string_t& text) override {
        if (!place_.in_entries()) return value();
        const std::size_t depth = place_.depth();
        if (depth == 4 && place_.key_at(4) == "startedDateTime") {
            time_ = parse_rfc3339(text);
        } else if (depth == 4 && place_.key_at(4) == "_fromCache") {
            cached_ = true;
        } else if (depth == 5 && place_.key_at(4) == "request") {
            if (place_.key_at(5) == "method") method_ = text;
            if (place_.key_at(5) == "url") url_ = text;
        } else if (depth == 6 && place_.key_at(4) == "request" && place_.key_at(5) == "postData" &&
                   place_.key_at(6) == "text") {
            text_bytes_ = static_cast<std::int64_t>(text.size());
        }
        return value();
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override {
        place_.enter();
        if (place_.in_entries() && place_.depth() == 4) begin_entry();
        return value();
    }
    bool end_object() override {
        const bool entry = place_.in_entries() && place_.depth() == 4;
        place_.leave();
        return value() && (!entry || end_entry());
    }
    bool start_array(std::size_t) override {
        place_.enter();
        has_entries |= place_.in_entries() && place_.depth() == 3;
        return value();
    }
    bool end_array() override {
        place_.leave();
        return value();
    }
    bool key(string_t& name) override {
        place_.key(name);
        return value();
    }
    bool parse_error(std::size_t at, const std::string&,
                     const nlohmann::detail::exception&) override {
        error = meter_.since > kLongestValue
                    ? fmt::format("a value of more than 64 MiB, at byte {}", at)
                    : fmt::format("not JSON at byte {}", at);
        return false;
    }

  private:
    bool value() {
        meter_.since = 0;
        return true;
    }
    bool number(std::int64_t n) {
        if (place_.in_entries() && place_.depth() == 5 && place_.key_at(4) == "request" &&
            place_.key_at(5) == "bodySize") {
            body_bytes_ = n;
        }
        return value();
    }
    void begin_entry() {
        ++entries_;
        time_.reset();
        method_.clear();
        url_.clear();
        body_bytes_ = text_bytes_ = -1;
        cached_ = false;
    }
    bool end_entry() {
        const Status taken = take_(look(), entries_);
        if (!taken) error = taken.error().message;
        return taken.ok();
    }
    Look look() const {
        if (cached_) return Skip::cached;
        if (method_.empty() || url_.empty()) return Skip::malformed;
        if (!time_) return Skip::time;
        if (url_.find("://") == std::string::npos) return Skip::protocol;  // data:, blob:
        return sendable(*time_, method_, url_, body_bytes_ >= 0 ? body_bytes_ : text_bytes_);
    }

    Metered& meter_;
    const std::function<Status(const Look&, std::uint64_t)>& take_;
    Place place_;
    std::uint64_t entries_ = 0;
    std::optional<RecordedTime> time_;
    std::string method_, url_;
    std::int64_t body_bytes_ = -1, text_bytes_ = -1;
    bool cached_ = false;
};

}  // namespace

Status read_har(Source& source, const std::function<Status(const Look&, std::uint64_t)>& take) {
    Metered meter{source};
    HarHandler handler(meter, take);
    if (!Json::sax_parse(Characters(meter), Characters(), &handler)) {
        return Error{handler.error.empty() ? "not JSON" : handler.error};
    }
    if (!handler.has_entries) return Error{"it has no log.entries"};
    return Done{};
}

}  // namespace echotrio::loadgen
