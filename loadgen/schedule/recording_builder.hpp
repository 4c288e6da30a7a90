// Makes a Recording of requests in any order, within its limits.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/schedule/recording.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_set>

namespace echotrio::loadgen {

class RecordingBuilder {
  public:
    RecordingBuilder() : known_(64, Hash{&recording_.resources_}, Same{&recording_.resources_}) {}
    RecordingBuilder(const RecordingBuilder&) = delete;
    RecordingBuilder& operator=(const RecordingBuilder&) = delete;

    // `at`: ns since 1970, >= 0. Error: a limit of Recording is reached.
    Status add(std::int64_t at, const Resource& resource, std::uint32_t bytes);

    std::size_t size() const { return recording_.size(); }
    // Requests that came after one with a later time.
    std::uint64_t out_of_order() const { return out_of_order_; }

    // `spread`: the times are whole seconds, and those of one second are spread evenly over it, in
    // the order in which they came. Precondition: size() > 0.
    Recording build(bool spread) &&;

  private:
    // The table's entries by what they are, found by a Resource that is not in it.
    struct Hash {
        using is_transparent = void;
        const ResourceTable* table;
        std::size_t operator()(const Resource& r) const {
            const std::hash<std::string_view> hash;
            return hash(r.path) * 31 + hash(r.method);
        }
        std::size_t operator()(std::uint32_t i) const { return (*this)((*table)[i]); }
    };
    struct Same {
        using is_transparent = void;
        const ResourceTable* table;
        bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
        bool operator()(const Resource& a, std::uint32_t b) const { return a == (*table)[b]; }
        bool operator()(std::uint32_t a, const Resource& b) const { return (*table)[a] == b; }
    };
    Status index_of(const Resource& resource, std::uint32_t& index);

    Recording recording_;
    std::unordered_set<std::uint32_t, Hash, Same> known_;
    std::int64_t latest_ = 0;
    std::uint64_t out_of_order_ = 0;
};

}  // namespace echotrio::loadgen
