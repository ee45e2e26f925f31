using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Reads for a report, of which what may be read is better than nothing.</summary>
internal static class Permitted
{
    /// <summary>Reads what may be missing: the caller is not allowed to read it, an old server does not have it, its API does not answer.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="read">Reads it.</param>
    /// <returns>It, or null. Throws <see cref="LabException"/> only where nothing else could be read either.</returns>
    public static async Task<T?> TryAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (LabException e) when (!e.StopsCommand || e.Code == "MetricsUnavailable")
        {
            return null;
        }
    }
}
