using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Requests that Ctrl+C must not break off in the middle, since what they make or take back would be lost: they get a bounded time to end.</summary>
internal static class Finishing
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Cleans up after a failure or a stop.</summary>
    /// <param name="work">The requests, with the token that ends them.</param>
    /// <returns>Done when they are. Throws <see cref="LabException"/>, also where they took too long.</returns>
    public static Task RunAsync(Func<CancellationToken, Task> work) => RunAsync(work, new CancellationToken(canceled: true));

    /// <summary>Sends a request of which has to be known whether it was carried out, stopped or not.</summary>
    /// <param name="work">The request, with the token that ends it.</param>
    /// <param name="stop">From when on its time is limited.</param>
    /// <returns>Done when it is. Throws <see cref="LabException"/>, also where it took too long.</returns>
    public static Task RunAsync(Func<CancellationToken, Task> work, CancellationToken stop) => RunAsync<object?>(
        async token =>
        {
            await work(token);
            return null;
        },
        stop);

    /// <summary>Sends a request whose answer is needed, stopped or not.</summary>
    /// <typeparam name="T">Type of the answer.</typeparam>
    /// <param name="work">The request, with the token that ends it.</param>
    /// <param name="stop">From when on its time is limited.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>, also where it took too long.</returns>
    public static async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using CancellationTokenSource limit = new();
        using CancellationTokenRegistration registration = stop.Register(() => limit.CancelAfter(Patience));
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new LabException(LabErrorKind.Timeout, "NoAnswer", $"There was no answer within {Patience.TotalSeconds:0} seconds.", e);
        }
    }
}
