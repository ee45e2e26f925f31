using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>A schedule and what belongs to it, as it stands in a CronJob or was given alone.</summary>
public sealed record CronJobSchedule
{
    /// <summary>Name of the CronJob; null for a schedule alone.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the CronJob; null where it has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The schedule: <c>spec.schedule</c>.</summary>
    public required string Schedule { get; init; }

    /// <summary>The time zone: <c>spec.timeZone</c>; null for that of the controller.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How late a run may start: <c>spec.startingDeadlineSeconds</c>; null for any time.</summary>
    public long? StartingDeadlineSeconds { get; init; }

    /// <summary>Whether no runs are started for now: <c>spec.suspend</c>.</summary>
    public bool Suspend { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When it ran last: <c>status.lastScheduleTime</c>.</summary>
    public DateTimeOffset? LastScheduleTime { get; init; }

    /// <summary>What to call it in a message: the CronJob, or the schedule itself.</summary>
    internal string Display => Name is null ? $"'{Schedule}'" : $"{(Namespace is null ? "" : Namespace + "/")}{Name} ('{Schedule}')";

    /// <summary>Reads a CronJob, or a list that contains some.</summary>
    /// <param name="json">An object of Kubernetes.</param>
    /// <returns>Their schedules; none where it is another kind. Throws <see cref="LabException"/> (<c>CronJobInvalid</c>) for a field of the wrong type.</returns>
    public static IReadOnlyList<CronJobSchedule> FromJson(JsonObject json) =>
        json["items"] is JsonArray items ? [.. items.OfType<JsonObject>().SelectMany(FromJson)]
        : StrictJson.Text(json, "kind") is null or "CronJob" && json["spec"] is JsonObject spec ? [Read(json, spec)]
        : [];

    /// <inheritdoc/>
    public override string ToString() => Name is null ? Schedule : $"{Name}: {Schedule}";

    private static CronJobSchedule Read(JsonObject json, JsonObject spec)
    {
        JsonObject metadata = json["metadata"] as JsonObject ?? [];
        string name = StrictJson.Text(metadata, "name") ?? StrictJson.Text(metadata, "generateName") ?? "";
        return new CronJobSchedule
        {
            Name = name,
            Namespace = StrictJson.Text(metadata, "namespace"),
            Schedule = Whole(spec, "schedule", name) ?? "",
            TimeZone = Whole(spec, "timeZone", name),
            StartingDeadlineSeconds = Number(spec, "startingDeadlineSeconds", name),
            Suspend = spec["suspend"] is JsonValue suspend && suspend.TryGetValue(out bool flag) && flag,
            CreationTimestamp = Time(metadata, "creationTimestamp", name),
            LastScheduleTime = json["status"] is JsonObject status ? Time(status, "lastScheduleTime", name) : null,
        };
    }

    // An empty text is not a missing one: the API server tells them apart.
    private static string? Whole(JsonObject map, string field, string name) => map[field] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw Invalid(name, $"spec.{field} is not a string: put {other.ToJsonString()} between quotation marks"),
    };

    private static long? Number(JsonObject map, string field, string name) => map[field] switch
    {
        null => null,
        JsonValue value when long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number is >= 0 and <= int.MaxValue => number,
        var other => throw Invalid(name, $"spec.{field} is {other.ToJsonString()}: give whole seconds, 0 or more"),
    };

    private static DateTimeOffset? Time(JsonObject map, string field, string name) => map[field] switch
    {
        null => null,
        JsonValue value when DateTimeOffset.TryParse(
            value.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) => time,
        var other => throw Invalid(name, $"{field} is {other.ToJsonString()}: give a time such as 2026-03-01T08:00:00Z"),
    };

    private static LabException Invalid(string name, string why) =>
        new(LabErrorKind.InvalidData, "CronJobInvalid", $"The CronJob '{name}' cannot be read: {why}.") { Target = name };
}
