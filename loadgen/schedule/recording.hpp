// Recorded traffic: when each request arrived and what it asked for, in 16 bytes a request. Pure;
// it does not know where the record came from.
#pragma once

#include "common/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// What one request was: which resource, and how many bytes it carried.
struct RecordedRequest {
    static constexpr std::uint32_t kUnknown = UINT32_MAX;

    std::uint32_t resource = 0;
    std::uint32_t bytes = kUnknown;  // of its body, or of a raw message
};

// Either is empty where the record does not say it.
struct Resource {
    std::string_view method, path;
    bool operator==(const Resource&) const = default;
};

// Resources, each kept once.
class ResourceTable {
  public:
    std::size_t size() const { return entries_.size(); }
    std::size_t text_bytes() const { return text_.size(); }
    Resource operator[](std::uint32_t i) const {
        const Entry& e = entries_[i];
        const std::string_view text = text_;
        return {text.substr(e.at, e.method), text.substr(e.at + e.method, e.path)};
    }
    void push_back(const Resource& resource) {
        entries_.push_back({text_.size(), static_cast<std::uint32_t>(resource.method.size()),
                            static_cast<std::uint32_t>(resource.path.size())});
        text_ += resource.method;
        text_ += resource.path;
    }

  private:
    struct Entry {
        std::size_t at;
        std::uint32_t method, path;  // their lengths
    };
    std::string text_;
    std::vector<Entry> entries_;
};

// Arrivals in the order of their times, the first at 0.
class Recording {
  public:
    static constexpr std::size_t kMostRequests = 20'000'000;
    static constexpr std::size_t kMostResources = 1'000'000;
    static constexpr std::size_t kMostText = std::size_t{256} << 20U;  // bytes of methods and paths

    struct Arrival {
        std::int64_t at;  // ns
        RecordedRequest request;
    };

    // At least 1.
    std::size_t size() const { return arrivals_.size(); }
    const Arrival& operator[](std::size_t i) const { return arrivals_[i]; }
    const ResourceTable& resources() const { return resources_; }
    Resource resource(const RecordedRequest& request) const { return resources_[request.resource]; }

    // When the first arrived, in ns since 1970.
    std::int64_t origin() const { return origin_; }
    // From the first arrival to where the next one would be due at the mean rate: repeated after
    // so long, the record goes on at its rate. A second where all arrived at one moment.
    Nanos length() const;
    // The most bytes of a request whose bytes are known.
    std::uint32_t most_bytes() const { return most_bytes_; }

  private:
    friend class RecordingBuilder;

    std::deque<Arrival> arrivals_;
    ResourceTable resources_;
    std::int64_t origin_ = 0;
    std::uint32_t most_bytes_ = 0;
};

}  // namespace echotrio::loadgen
