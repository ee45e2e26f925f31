using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.AccessKeys;

/// <summary>
/// Replaces an access key: creates the new one, verifies it by a real call, deactivates the old one, hands the new one out, deletes the old
/// one. Whatever fails before the new key is handed out, the old key works again and the new one is gone.
/// </summary>
/// <param name="client">The services.</param>
public sealed class KeyRotation(IdentityClient client)
{
    private readonly AccessKeyStore keys = new(client);

    /// <summary>How long a new key may take to be known everywhere.</summary>
    public WaitOptions Patience { get; init; } = new() { Timeout = TimeSpan.FromSeconds(60), PollInterval = TimeSpan.FromSeconds(3) };

    /// <summary>The key that is meant: one of the user's own, and one that is in use.</summary>
    /// <param name="user">The user; null for the caller.</param>
    /// <param name="accessKeyId">The key; null for the user's only one.</param>
    /// <param name="force">Takes a key that is inactive, too.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The key. Throws <see cref="LabException"/> (<c>AccessKeyAmbiguous</c>, <c>NoAccessKey</c>, <c>AccessKeyInactive</c>, NoSuchEntity).</returns>
    public async Task<LabAccessKey> FindAsync(string? user, string? accessKeyId, bool force, CancellationToken cancellation = default)
    {
        List<LabAccessKey> found;
        try
        {
            found = await keys.ListAsync(user, cancellation).ToListAsync(cancellation);
        }
        catch (LabException e) when (accessKeyId is not null && e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"Whether {accessKeyId} is a key of the user, and active, cannot be looked up: {e.Message}");
            return new LabAccessKey { UserName = user ?? "", AccessKeyId = accessKeyId!, Status = "Active" };
        }

        string who = user is null ? "The caller" : $"User '{user}'", all = string.Join(", ", found.Select(key => $"{key.AccessKeyId} ({key.Status})"));
        if (found.Count == 0)
        {
            throw Error(LabErrorKind.InvalidData, "NoAccessKey", $"{who} has no access key to replace.", "New-LabAccessKey creates one.");
        }

        if (accessKeyId is null && found.Count > 1)
        {
            throw Error(
                LabErrorKind.InvalidData, "AccessKeyAmbiguous", $"{who} has {found.Count} access keys: {all}.",
                "A new key needs room, because a user has at most two: remove the one that nobody uses (Get-LabAccessKey -IncludeLastUsed, Remove-LabAccessKey), then try again.");
        }

        LabAccessKey meant = accessKeyId is null ? found[0] : found.Find(key => key.AccessKeyId == accessKeyId) ?? throw Error(
            LabErrorKind.NotFound, "NoSuchEntity", $"{who} has no access key {accessKeyId}, but {all} (NoSuchEntity). Nothing was changed.", "Get-LabAccessKey lists the keys of a user.");
        return IsActive(meant) || force ? meant : throw Error(
            LabErrorKind.Conflict, "AccessKeyInactive", $"Access key {meant.AccessKeyId} is inactive, and a new key in its place would be active. Nothing was changed.",
            "Use -Force to replace it all the same; Remove-LabAccessKey -Activate lets it be used again, Remove-LabAccessKey removes it.");

        LabException Error(LabErrorKind kind, string code, string message, string advice) => new(kind, code, message) { Target = accessKeyId ?? user, Advice = advice };
    }

    /// <summary>Whether a key is the one that the caller works with.</summary>
    /// <param name="accessKeyId">The key.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>True if so.</returns>
    public async Task<bool> IsOwnAsync(string accessKeyId, CancellationToken cancellation = default) => await client.AccessKeyAsync(cancellation) == accessKeyId;

    /// <summary>Replaces a key.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="old">The key (<see cref="FindAsync"/>).</param>
    /// <param name="keepOld">Leaves the old key, inactive, instead of deleting it.</param>
    /// <param name="handOut">Hands out the new key and its secret; where it throws, nobody has them and the new key is removed again.</param>
    /// <param name="cancellation">Cancels the requests; until the new key is handed out, the old key works again then.</param>
    /// <returns>Done when replaced. Throws <see cref="LabException"/>, which says what is left.</returns>
    public async Task RotateAsync(
        string? user, LabAccessKey old, bool keepOld, Func<LabAccessKey, AwsKeys, Task> handOut, CancellationToken cancellation = default)
    {
        string oldId = old.AccessKeyId;
        bool own = await IsOwnAsync(oldId, cancellation);
        (LabAccessKey Key, AwsKeys Secret) made;
        try
        {
            made = await keys.CreateAsync(user, cancellation);
        }
        catch (LabException e)
        {
            string created = e.Kind is LabErrorKind.Timeout or LabErrorKind.ConnectionFailed or LabErrorKind.ServiceFailed
                ? $"Access key {oldId} is as it was; whether a new one was created is not known, Get-LabAccessKey shows it." : $"Nothing was changed: access key {oldId} is as it was.";
            throw e.Retold($"Could not create the new key: {e.Message.TrimEnd('.')}. {created}", target: oldId);
        }

        // A key cannot sign for its own removal once it is inactive.
        AccessKeyStore after = own ? new AccessKeyStore(client.With(made.Secret)) : keys;
        string step = "verify the new key";
        bool deactivating = false;
        try
        {
            await VerifyAsync(made.Secret, cancellation);
            step = "deactivate the old key";
            deactivating = true;
            await after.SetStatusAsync(user, oldId, active: false, cancellation);
            step = "hand out the new key";
            await handOut(made.Key, made.Secret);
        }
        catch (Exception e)
        {
            await UndoAsync(after, user, old, made.Key.AccessKeyId, deactivating, step, e);
            string state = $"Access key {oldId} {(IsActive(old) ? "still works" : "is inactive as before")}, and the new one was removed again.";
            if (e is LabException problem)
            {
                throw problem.Retold($"Could not {step}: {problem.Message.TrimEnd('.')}. {state}", target: oldId);
            }

            client.Reporter.Warning($"The replacement was stopped. {state}");
            throw;
        }

        if (!keepOld)
        {
            await DeleteAsync(after, user, oldId, made.Key.AccessKeyId);
        }
    }

    private static bool IsActive(LabAccessKey key) => key.Status != "Inactive";

    // The new key is known to whoever asked for it by now, so it stays; one request more is worth a stop's patience.
    private static async Task DeleteAsync(AccessKeyStore store, string? user, string oldId, string newId)
    {
        try
        {
            await Finishing.RunAsync(token => store.RemoveAsync(user, oldId, token));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // Its deletion was carried out, and only the answer to the first attempt was lost.
        }
        catch (LabException e)
        {
            throw e.Retold(
                $"The new access key {newId} works and was handed out, but the old one, {oldId}, could not be deleted: {e.Message.TrimEnd('.')}. It is inactive.",
                "Remove-LabAccessKey removes the old key; Remove-LabAccessKey -Activate lets it be used again.", "OldKeyLeft", oldId);
        }
    }

    private async Task VerifyAsync(AwsKeys secret, CancellationToken cancellation) => await Waiter.WaitAsync<object?>(
        $"access key {secret.AccessKey} to be accepted", secret.AccessKey,
        async token =>
        {
            IdentityClient signed = client.With(secret);
            try
            {
                try
                {
                    await new CallerStore(signed).GetIdentityAsync(token);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
                {
                    // A server without GetCallerIdentity: its S3 tells a key it does not know from one that may not list buckets.
                    await signed.CallS3Async($"Access key {secret.AccessKey}", secret.AccessKey, token);
                }

                return new Sighting<object?>(true, null, "accepted");
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
            {
                return new Sighting<object?>(true, null, "accepted, without permissions");
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AuthenticationFailed)
            {
                return new Sighting<object?>(false, null, e.Message);
            }
        },
        Patience, client.Reporter, cancellation);

    /// <summary>Activates the old key again, if it may have been deactivated, and removes the new one: each, whatever becomes of the other.</summary>
    private async Task UndoAsync(AccessKeyStore after, string? user, LabAccessKey old, string newId, bool deactivating, string step, Exception problem)
    {
        List<string> left = [];

        // What the service refused was not done.
        bool refused = problem is LabException { Kind: LabErrorKind.AccessDenied or LabErrorKind.NotFound or LabErrorKind.InvalidData };
        if (deactivating && !refused && IsActive(old))
        {
            try
            {
                await Finishing.RunAsync(token => after.SetStatusAsync(user, old.AccessKeyId, active: true, token));
            }
            catch (LabException e)
            {
                left.Add($"Access key {old.AccessKeyId} may be inactive, because it could not be activated again ({e.Message.TrimEnd('.')}).");
            }
        }

        // Where the caller signs with the old key and that is inactive, the new one can still sign for its own removal.
        string? kept = null;
        foreach (AccessKeyStore store in new[] { keys, after }.Distinct())
        {
            try
            {
                await Finishing.RunAsync(token => store.RemoveAsync(user, newId, token));
                kept = null;
            }
            catch (LabException e)
            {
                kept = e.Kind == LabErrorKind.NotFound ? null : e.Message.TrimEnd('.');
            }

            if (kept is null)
            {
                break;
            }
        }

        if (kept is not null)
        {
            left.Add($"The new access key {newId} works, and could not be removed again ({kept}); nobody knows its secret.");
        }

        if (left.Count == 0)
        {
            return;
        }

        string state = string.Join(" ", left);
        string what = problem is LabException ? $"Could not {step}: {problem.Message.TrimEnd('.')}." : "The replacement was stopped.";
        if (problem is not LabException)
        {
            // A pipeline that stops writes no error.
            client.Reporter.Warning($"{what} {state}");
        }

        throw new LabException((problem as LabException)?.Kind ?? LabErrorKind.Conflict, "RotationHalfDone", $"{what} {state}", problem)
        {
            Target = old.AccessKeyId,
            Advice = "Get-LabAccessKey shows the keys; Remove-LabAccessKey -Activate lets the old one be used again, Remove-LabAccessKey removes the new one.",
            StopsCommand = false,
        };
    }
}
