using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Reads, changes and writes an object again where somebody else changed it in between.</summary>
internal static class ConflictRetry
{
    private const int MostTries = 20;

    /// <summary>Does it until it meets no conflict.</summary>
    /// <typeparam name="T">What comes of it.</typeparam>
    /// <param name="description">The object, for verbose lines.</param>
    /// <param name="change">Reads the object anew and writes the change, on the condition that it is still the one that was read.</param>
    /// <param name="cancellation">Ends the pauses.</param>
    /// <returns>What the change gave. Throws <see cref="LabException"/> of the last of twenty conflicts.</returns>
    public static async Task<T> RunAsync<T>(string description, Func<Task<T>> change, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await change();
            }
            catch (LabException e) when (e.StatusCode == 409 && attempt < MostTries)
            {
                RequestLog.Current.Verbose($"{description} was changed meanwhile; changing it again");
                await Task.Delay(Random.Shared.Next(5, 20 * attempt), cancellation);
            }
        }
    }
}
