using System.Globalization;
using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>A minute in which several schedules run.</summary>
public sealed class LabScheduleCollision
{
    /// <summary>The minute, UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>How many runs begin in it.</summary>
    public int RunCount { get; init; }

    /// <summary>The CronJobs or schedules that run in it.</summary>
    public IReadOnlyList<string> Name { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Time:yyyy-MM-dd HH:mm}Z: {RunCount}");
}
