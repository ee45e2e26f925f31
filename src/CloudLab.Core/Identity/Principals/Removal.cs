using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Something that keeps a user, group, role, policy or instance profile from being removed.</summary>
/// <param name="What">It in words: <c>inline policy 'read'</c>.</param>
/// <param name="ReleaseAsync">Takes it away; null for what is not taken away with force either.</param>
/// <param name="Advice">What to do about it, where it is not taken away.</param>
internal sealed record Holder(string What, Func<CancellationToken, Task>? ReleaseAsync, string? Advice = null);

/// <summary>Removes what other things may hang on: with force in the order that works, without it an error names them all.</summary>
internal static class Removal
{
    /// <summary>Removes.</summary>
    /// <param name="client">The services.</param>
    /// <param name="subject">It in words: <c>Role 'viewer'</c>.</param>
    /// <param name="target">It, for an error.</param>
    /// <param name="holders">Finds what hangs on it, in the order in which it has to go.</param>
    /// <param name="delete">Deletes it.</param>
    /// <param name="force">Also takes away what hangs on it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity, DeleteConflict), which says what is gone already and what is left.</returns>
    public static async Task RunAsync(
        IdentityClient client, string subject, string target, Func<CancellationToken, IAsyncEnumerable<Holder>> holders, Func<CancellationToken, Task> delete,
        bool force, CancellationToken cancellation)
    {
        List<Holder> left = [];
        List<string> gone = [];
        if (force)
        {
            // All of it first: a page of a list that shrinks meanwhile would skip some.
            left = await holders(cancellation).ToListAsync(cancellation);
            if (left.Exists(holder => holder.ReleaseAsync is null))
            {
                throw Kept(subject, target, left, gone, null);
            }
        }

        try
        {
            while (left.Count > 0)
            {
                try
                {
                    // What is on its way when it is stopped is carried out all the same: its answer is waited for, so that what is said is true.
                    cancellation.ThrowIfCancellationRequested();
                    await Finishing.RunAsync(left[0].ReleaseAsync!, cancellation);
                    gone.Add(left[0].What);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
                {
                    // Somebody else was quicker.
                }

                left.RemoveAt(0);
            }

            cancellation.ThrowIfCancellationRequested();
            await Finishing.RunAsync(delete, cancellation);
        }
        catch (LabException e) when (e.Code == "DeleteConflict" && left.Count == 0)
        {
            List<Holder> found = [];
            try
            {
                found = await holders(cancellation).ToListAsync(cancellation);
            }
            catch (LabException look) when (look.Kind == LabErrorKind.AccessDenied)
            {
                // Whoever may delete it may not be allowed to look; what the service said has to do.
            }

            throw found.Exists(holder => holder.ReleaseAsync is null) ? Kept(subject, target, found, gone, e) : e.Retold(
                (found.Count == 0 ? e.Message : $"{subject} cannot be removed while it has {Join(found.Select(holder => holder.What))} (DeleteConflict).") + State(gone, [], ""),
                force ? "Something else hangs on it that IAM does not list here: remove that first." : "Use -Force to remove what hangs on it too.", target: target);
        }
        catch (LabException e) when (gone.Count > 0)
        {
            throw e.Retold($"{e.Message}{State(gone, left, subject)}", target: target);
        }
        catch (OperationCanceledException) when (gone.Count > 0)
        {
            client.Reporter.Warning($"The removal was stopped.{State(gone, left, subject)}");
            throw;
        }
    }

    private static LabException Kept(string subject, string target, List<Holder> found, List<string> gone, LabException? refusal) => new(
        LabErrorKind.Conflict, "DeleteConflict",
        $"{subject} cannot be removed while it has {Join(found.Select(holder => holder.What))} (DeleteConflict).{(gone.Count == 0 ? " Nothing was removed." : State(gone, [], ""))}", refusal)
    {
        StatusCode = refusal?.StatusCode, RequestId = refusal?.RequestId, Target = target,
        Advice = string.Join(" ", found.Where(holder => holder.ReleaseAsync is null).Select(holder => holder.Advice).OfType<string>().Distinct()),
    };

    private static string State(List<string> gone, List<Holder> left, string subject) => gone.Count == 0 ? ""
        : $" Already removed: {Join(gone)}." + (subject.Length == 0 ? "" : $" Still there: {Join([.. left.Select(holder => holder.What), $"the {FirstLetter.Lower(subject)} itself"])}.");

    private static string Join(IEnumerable<string> all) => all.ToList() switch
    {
        [var only] => only,
        { Count: > 20 } many => string.Join(", ", many.Take(20)) + $" and {many.Count - 20} more",
        var some => string.Join(", ", some.SkipLast(1)) + " and " + some[^1],
    };
}
