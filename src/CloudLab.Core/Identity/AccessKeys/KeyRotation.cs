using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.AccessKeys;

/// <summary>
/// Replaces an access key: creates the new one, verifies it by a real call, deactivates the old one, deletes it. Whatever fails on
/// the way, the old key works again and the new one is gone.
/// </summary>
/// <param name="client">The services.</param>
public sealed class KeyRotation(IdentityClient client)
{
    private readonly AccessKeyStore keys = new(client);

    /// <summary>How long a new key may take to be known everywhere.</summary>
    public WaitOptions Patience { get; init; } = new() { Timeout = TimeSpan.FromSeconds(60), PollInterval = TimeSpan.FromSeconds(3) };

    /// <summary>The key that is meant where only its user is given: the one that is in use.</summary>
    /// <param name="user">The user; null for the caller.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The key. Throws <see cref="LabException"/> (<c>AccessKeyAmbiguous</c>, <c>NoAccessKey</c>).</returns>
    public async Task<LabAccessKey> FindAsync(string? user, CancellationToken cancellation = default)
    {
        List<LabAccessKey> found = await keys.ListAsync(user, cancellation).ToListAsync(cancellation);
        string who = user is null ? "The caller" : $"User '{user}'";
        return found.Count == 1 ? found[0] : throw new LabException(
            LabErrorKind.InvalidData, found.Count == 0 ? "NoAccessKey" : "AccessKeyAmbiguous",
            found.Count == 0 ? $"{who} has no access key to replace." : $"{who} has {found.Count} access keys: {string.Join(", ", found.Select(key => $"{key.AccessKeyId} ({key.Status})"))}.")
        {
            Target = user,
            Advice = found.Count == 0 ? "New-LabAccessKey creates one."
                : "A new key needs room, because a user has at most two: remove the one that nobody uses (Get-LabAccessKey -IncludeLastUsed, Remove-LabAccessKey), then try again.",
        };
    }

    /// <summary>Whether a key is the one that the caller works with.</summary>
    /// <param name="accessKeyId">The key.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>True if so.</returns>
    public async Task<bool> IsOwnAsync(string accessKeyId, CancellationToken cancellation = default) => await client.AccessKeyAsync(cancellation) == accessKeyId;

    /// <summary>Replaces a key.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="oldId">The key.</param>
    /// <param name="keepOld">Leaves the old key, inactive, instead of deleting it.</param>
    /// <param name="cancellation">Cancels the requests; the old key works again then.</param>
    /// <returns>The new key, and its secret. Throws <see cref="LabException"/>, which says that the old key still works.</returns>
    public async Task<(LabAccessKey Key, AwsKeys Secret)> RotateAsync(string? user, string oldId, bool keepOld, CancellationToken cancellation = default)
    {
        bool own = await IsOwnAsync(oldId, cancellation);
        (LabAccessKey key, AwsKeys secret) made;
        try
        {
            made = await keys.CreateAsync(user, cancellation);
        }
        catch (LabException e)
        {
            throw Failed(e, "create the new key", $"Nothing was changed: access key {oldId} is as it was.", oldId, e.Advice);
        }

        // A key cannot sign for its own removal once it is inactive.
        AccessKeyStore after = own ? new AccessKeyStore(client.With(made.secret)) : keys;
        string step = "verify the new key";
        bool deactivated = false;
        try
        {
            await VerifyAsync(made.secret, cancellation);
            step = "deactivate the old key";
            deactivated = true;
            await after.SetStatusAsync(user, oldId, active: false, cancellation);
            if (!keepOld)
            {
                step = "delete the old key";
                await after.RemoveAsync(user, oldId, cancellation);
            }

            return made;
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            if (await RestoreAsync(after, user, oldId, made.key.AccessKeyId, deactivated, step, e))
            {
                return made;
            }

            if (e is LabException problem)
            {
                throw Failed(problem, step, $"The old access key {oldId} still works, and the new one was removed again.", oldId, problem.Advice);
            }

            client.Reporter.Warning($"The replacement was stopped: access key {oldId} still works, and the new one was removed again.");
            throw;
        }
    }

    private static LabException Failed(LabException problem, string step, string state, string target, string? advice) => new(
        problem.Kind, problem.Code, $"Could not {step}: {problem.Message.TrimEnd('.')}. {state}", problem)
    {
        StatusCode = problem.StatusCode, RequestId = problem.RequestId, Target = target, Advice = advice, StopsCommand = false,
    };

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

    /// <summary>Undoes a replacement. True where it turns out that the old key is gone already, so that the replacement is complete.</summary>
    private async Task<bool> RestoreAsync(
        AccessKeyStore after, string? user, string oldId, string newId, bool deactivated, string step, Exception problem)
    {
        try
        {
            if (deactivated)
            {
                try
                {
                    await after.SetStatusAsync(user, oldId, active: true, CancellationToken.None);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound && step == "delete the old key")
                {
                    client.Reporter.Verbose($"Access key {oldId} is gone: its deletion was carried out, only the answer was lost.");
                    return true;
                }
            }

            await keys.RemoveAsync(user, newId, CancellationToken.None);
            return false;
        }
        catch (LabException e)
        {
            throw new LabException(
                e.Kind, "RotationHalfDone",
                $"Could not {step} ({problem.Message.TrimEnd('.')}), and could not undo it ({e.Message.TrimEnd('.')}). User {user ?? "(the caller)"} has the keys {oldId} and {newId} now.", problem)
            {
                Target = oldId,
                Advice = $"Get-LabAccessKey shows both. Nobody knows the secret of {newId}: remove it with Remove-LabAccessKey.",
                StopsCommand = false,
            };
        }
    }
}
