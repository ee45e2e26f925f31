namespace CloudLab.Core.Common.Waiting;

/// <summary>Pauses between tries of what the SDK does not try again itself: doubling, with full jitter.</summary>
internal static class Backoff
{
    private const int FirstMilliseconds = 100;
    private const int LongestMilliseconds = 5000;

    /// <summary>Waits before the next try.</summary>
    /// <param name="attempt">Tries so far, from 1.</param>
    /// <param name="cancellation">Ends the pause.</param>
    /// <returns>Done when it is time.</returns>
    public static Task DelayAsync(int attempt, CancellationToken cancellation) => Task.Delay(
        Random.Shared.Next(Math.Min(LongestMilliseconds, FirstMilliseconds << Math.Min(attempt, 10))), cancellation);
}
