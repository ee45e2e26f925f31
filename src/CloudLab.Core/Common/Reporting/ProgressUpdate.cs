namespace CloudLab.Core.Common.Reporting;

/// <summary>One state of a piece of long work.</summary>
/// <param name="ActivityId">The same number for all updates of one piece of work.</param>
/// <param name="Activity">What is being done: <c>Uploading to s3://movies</c>.</param>
/// <param name="Status">How far it is, in words: <c>12 of 40 items, 1.2 of 3 GiB, 210 MiB/s</c>.</param>
/// <param name="Percent">0 to 100, or null where the whole is unknown.</param>
/// <param name="Remaining">Time left, or null where unknown.</param>
/// <param name="Completed">True for the last update.</param>
public sealed record ProgressUpdate(
    int ActivityId, string Activity, string Status, int? Percent, TimeSpan? Remaining, bool Completed);
