#include "loadgen/engine/notes.hpp"

#include "loadgen/schedule/recording_builder.hpp"

namespace echotrio::loadgen {
namespace {

Resource resource_of(const Prepared& prepared, const RecordedRequest& what) {
    if (prepared.recorded) return prepared.options->replay->recording->resource(what);
    if (prepared.raw) return {};
    const PreparedRequest& request = prepared.http[what.resource];
    return {request.method, request.path};
}

}  // namespace

RunRecord join_notes(const Prepared& prepared, const std::vector<Notes*>& notes,
                     TimePoint window_begin, Nanos since_1970) {
    TimePoint end = TimePoint::max();
    for (const Notes* one : notes) end = std::min(end, one->lost_from());
    RecordingBuilder builder;
    for (Notes* one : notes) {
        one->drain([&](const Notes::Note& note) {
            if (note.intended < window_begin || note.intended >= end) return;
            const std::int64_t at = (note.intended.time_since_epoch() + since_1970).count();
            const Status added = builder.add(at, resource_of(prepared, note.what), note.what.bytes);
            CHECK(added.ok());  // what was noted is within the limits of a recording
        });
    }
    RunRecord record{nullptr, end == TimePoint::max()};
    if (builder.size() > 0) {
        record.recording = std::make_shared<const Recording>(std::move(builder).build(false));
    }
    return record;
}

}  // namespace echotrio::loadgen
