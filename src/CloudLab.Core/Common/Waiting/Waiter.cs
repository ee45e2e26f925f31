using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Common.Waiting;

/// <summary>The one way to wait for a service: look at once, then at growing intervals, until it is so or time is up.</summary>
public static class Waiter
{
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits.</summary>
    /// <typeparam name="T">Type of the thing waited for.</typeparam>
    /// <param name="subject">What is waited for, for progress and error: <c>bucket 'movies' to exist</c>.</param>
    /// <param name="target">The thing, for the error record.</param>
    /// <param name="look">Looks once. Trouble that may pass (the service failed, asks to slow down) does not end the wait; any other exception does.</param>
    /// <param name="options">How long and how often.</param>
    /// <param name="reporter">Who sees the progress.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The thing as last seen. Throws <see cref="LabException"/> (WaitTimeout), which says what was last seen.</returns>
    public static async Task<T> WaitAsync<T>(
        string subject, object? target, Func<CancellationToken, Task<Sighting<T>>> look, WaitOptions options,
        IReporter reporter, CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, "Waiting for " + subject, options.Clock);
        long start = options.Clock.GetTimestamp();
        TimeSpan interval = FirstInterval < options.PollInterval ? FirstInterval : options.PollInterval;
        for (int looks = 1; ; looks++)
        {
            string seen;
            double? fraction = null;
            LabException? trouble = null;
            try
            {
                Sighting<T> sighting = await look(cancellation);
                if (sighting.Done)
                {
                    return sighting.Value;
                }

                (seen, fraction) = (sighting.Seen, sighting.Fraction);
            }
            catch (LabException e) when (e.Kind is LabErrorKind.ServiceFailed or LabErrorKind.LimitExceeded or LabErrorKind.Timeout)
            {
                (seen, trouble) = (e.Message, e);
            }

            TimeSpan elapsed = options.Clock.GetElapsedTime(start);
            TimeSpan left = options.Timeout - elapsed;
            if (left <= TimeSpan.Zero)
            {
                throw new LabException(
                    LabErrorKind.Timeout, "WaitTimeout",
                    $"Timed out after {elapsed.TotalSeconds:0.#} s waiting for {subject}. Last seen: {seen.TrimEnd('.')}.", trouble)
                {
                    Target = target,
                    Advice = "Increase -Timeout, or check what is blocking it.",
                };
            }

            reporter.Verbose($"Look {looks} for {subject}: {seen}");
            meter.Note(seen, fraction ?? elapsed / options.Timeout);
            await Task.Delay(interval < left ? interval : left, options.Clock, cancellation);
            interval = interval * 2 < options.PollInterval ? interval * 2 : options.PollInterval;
        }
    }
}
