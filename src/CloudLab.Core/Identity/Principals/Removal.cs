using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Something that keeps a user, group, role, policy or instance profile from being removed.</summary>
/// <param name="What">It in words: <c>inline policy 'read'</c>.</param>
/// <param name="ReleaseAsync">Takes it away.</param>
internal sealed record Holder(string What, Func<CancellationToken, Task> ReleaseAsync);

/// <summary>Removes what other things may hang on: with force in the order that works, without it an error names them all.</summary>
internal static class Removal
{
    /// <summary>Removes.</summary>
    /// <param name="subject">It in words: <c>Role 'viewer'</c>.</param>
    /// <param name="target">It, for an error.</param>
    /// <param name="holders">Finds what hangs on it, in the order in which it has to go.</param>
    /// <param name="delete">Deletes it.</param>
    /// <param name="force">Also takes away what hangs on it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict).</returns>
    public static async Task RunAsync(
        string subject, string target, Func<CancellationToken, IAsyncEnumerable<Holder>> holders, Func<CancellationToken, Task> delete,
        bool force, CancellationToken cancellation)
    {
        if (force)
        {
            // All of it first: a page of a list that shrinks meanwhile would skip some.
            foreach (Holder holder in await holders(cancellation).ToListAsync(cancellation))
            {
                try
                {
                    await holder.ReleaseAsync(cancellation);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
                {
                    // Somebody else was quicker.
                }
            }
        }

        try
        {
            await delete(cancellation);
        }
        catch (LabException e) when (e.Code == "DeleteConflict")
        {
            List<string> found = [];
            try
            {
                found = await holders(cancellation).Select(holder => holder.What).ToListAsync(cancellation);
            }
            catch (LabException look) when (look.Kind == LabErrorKind.AccessDenied)
            {
                // Whoever may delete it may not be allowed to look; what the service said has to do.
            }

            throw new LabException(
                e.Kind, e.Code, found.Count == 0 ? e.Message : $"{subject} cannot be removed while it has {Join(found)} (DeleteConflict).", e)
            {
                StatusCode = e.StatusCode,
                RequestId = e.RequestId,
                Target = target,
                Advice = force ? "Something else hangs on it that IAM does not list here: remove that first." : "Use -Force to remove what hangs on it too.",
            };
        }
    }

    private static string Join(List<string> items) => items.Count switch
    {
        1 => items[0],
        > 20 => string.Join(", ", items.Take(20)) + $" and {items.Count - 20} more",
        _ => string.Join(", ", items.SkipLast(1)) + " and " + items[^1],
    };
}
