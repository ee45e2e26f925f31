using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Whether Kubernetes accepts a schedule, and what it means.</summary>
public sealed class LabScheduleTest
{
    /// <summary>Whether the API server accepts it.</summary>
    public bool Valid { get; init; }

    /// <summary>The schedule.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The time zone of the CronJob; null where it has none.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Name of the CronJob; null for a schedule alone.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the CronJob.</summary>
    public string? Namespace { get; init; }

    /// <summary>What is wrong; null where it is accepted.</summary>
    public string? Problem { get; init; }

    /// <summary>The character of the schedule at which it is wrong, from 1; null where that is not one place.</summary>
    public int? Column { get; init; }

    /// <summary>What to write instead; null where it is accepted, or nothing is near enough.</summary>
    public string? Correction { get; init; }

    /// <summary>What the API server says, word for word; empty where it accepts the schedule.</summary>
    public IReadOnlyList<string> ApiMessage { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>The schedule in plain words; null where it cannot be read.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it never fires: not within five years, after which the controller gives up.</summary>
    public bool NeverFires { get; init; }

    /// <summary>The next run, UTC; null where there is none.</summary>
    public DateTimeOffset? NextTime { get; init; }

    /// <summary>Local times in the next three years at which it does not run, because the clocks skip them, or skip the midnight before them.</summary>
    public IReadOnlyList<string> SkippedTime { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Local times in the next three years at which it runs twice, because the clocks show them twice.</summary>
    public IReadOnlyList<string> RepeatedTime { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>What else to know about it.</summary>
    public IReadOnlyList<LabScheduleFinding> Finding { get; init => field = TextList.Of(value); } = new TextList<LabScheduleFinding>([]);

    /// <summary>All reasons in words: the problem, or the findings.</summary>
    public IReadOnlyList<string> Reason => (TextList<string>)[.. Problem is null ? Finding.Select(finding => finding.Message) : Finding.Select(finding => finding.Message).Prepend(Problem)];

    /// <inheritdoc/>
    public override string ToString() => Problem ?? Schedule;
}
