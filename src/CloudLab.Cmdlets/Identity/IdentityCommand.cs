using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Identity;

/// <summary>Base of the cmdlets that talk to IAM and STS.</summary>
public abstract class IdentityCommand : AwsCommand
{
    /// <summary>What names of users, roles and policies look like: the IAM API Reference's own pattern.</summary>
    protected const string NamePattern = @"^[a-zA-Z0-9_+=,.@-]+\z";

    /// <summary>What paths look like.</summary>
    protected const string PathPattern = @"^(/|/[!-~]*/)\z";

    /// <summary>IAM and STS as this command's session reaches them.</summary>
    protected IdentityClient Client => new(Lab, Reporter);

    /// <summary>The users.</summary>
    protected UserStore Users => new(Client);

    /// <summary>The groups.</summary>
    protected GroupStore Groups => new(Client);

    /// <summary>The access keys.</summary>
    protected AccessKeyStore Keys => new(Client);

    /// <summary>The roles.</summary>
    protected RoleStore Roles => new(Client);

    /// <summary>The managed policies.</summary>
    protected ManagedPolicyStore ManagedPolicies => new(Client);

    /// <summary>The policies of users, groups and roles.</summary>
    protected PolicyAttachmentStore Attachments => new(Client);

    /// <summary>The instance profiles.</summary>
    protected InstanceProfileStore InstanceProfiles => new(Client);

    /// <summary>The caller.</summary>
    protected CallerStore Caller => new(Client);

    /// <summary>Refuses a permissions boundary that is to be set and removed.</summary>
    /// <param name="policy">-PermissionsBoundary.</param>
    /// <param name="remove">-RemovePermissionsBoundary.</param>
    private protected static void CheckBoundary(string? policy, bool remove)
    {
        if (remove && policy is not null)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "BoundaryAmbiguous", "Give either -PermissionsBoundary or -RemovePermissionsBoundary.");
        }
    }

    /// <summary>The policy of a bucket, for a decision.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The policy; null for a bucket that has none. Throws <see cref="LabException"/> (NoSuchBucket, AccessDenied, MalformedPolicyDocument).</returns>
    private protected async Task<NamedPolicy?> BucketPolicyAsync(string bucket, CancellationToken cancellation) =>
        await new BucketPolicy(new StorageClient(Lab, Reporter)).FindAsync(bucket, cancellation) is [var policy, ..]
            ? new NamedPolicy($"policy of bucket '{bucket}'", PolicyDocument.Parse(policy))
            : null;

    /// <summary>The ARN of a permissions boundary.</summary>
    /// <param name="policy">Name or ARN of a managed policy; null stays what it is.</param>
    /// <param name="cancellation">Cancels the search.</param>
    /// <returns>The ARN. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    private protected async Task<string?> BoundaryArnAsync(string? policy, CancellationToken cancellation) =>
        policy is null ? null : await ManagedPolicies.FindArnAsync(policy, cancellation);

    /// <summary>Writes what names and wildcards mean, in their order; what is asked for besides is fetched for several at once.</summary>
    /// <typeparam name="T">Type of the things.</typeparam>
    /// <param name="kind">Kind as ARNs have it: <c>role</c>.</param>
    /// <param name="names">Names, wildcards or ARNs; null for everything.</param>
    /// <param name="get">Gets one by its name.</param>
    /// <param name="list">Lists them; used for wildcards.</param>
    /// <param name="nameOf">The name of one.</param>
    /// <param name="complete">Adds to one of a list what was asked for; null for nothing.</param>
    /// <param name="limit">How many are completed at once.</param>
    /// <param name="onlyList">Whether a name is looked for in the list, too: it is narrowed by something else.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Done when all are written.</returns>
    private protected async Task WriteNamedAsync<T>(
        string kind, string[]? names, Func<string, Task<T>> get, Func<IAsyncEnumerable<T>> list, Func<T, string> nameOf,
        Func<T, CancellationToken, Task<T>>? complete, int limit, bool onlyList, CancellationToken cancellation)
        where T : class
    {
        foreach (string given in names ?? ["*"])
        {
            try
            {
                string name = IamName.Of(kind, given);
                if (!onlyList && !WildcardPattern.ContainsWildcardCharacters(name))
                {
                    await WriteAsync(await get(name), cancellation);
                    continue;
                }

                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                IAsyncEnumerable<T> matching = list().Where(item => pattern.IsMatch(nameOf(item)));
                if (complete is null)
                {
                    await WriteAllAsync(matching, cancellation);
                    continue;
                }

                await foreach ((T item, Exception? problem) in ParallelStream.SelectAsync(matching, limit, TryCompleteAsync, cancellation))
                {
                    if (problem is null)
                    {
                        await WriteAsync(item, cancellation);
                    }
                    else
                    {
                        WriteProblem(problem, nameOf(item));
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }

        async Task<(T Item, Exception? Problem)> TryCompleteAsync(T item, CancellationToken token)
        {
            try
            {
                return (await complete!(item, token), null);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                return (item, e);
            }
        }
    }

    /// <summary>
    /// Removes what names mean, each after its question. <c>-Force</c> answers the question for a name, but not for what a wildcard
    /// finds; <c>-Confirm:$false</c> answers that too.
    /// </summary>
    /// <param name="kind">Kind as ARNs have it: <c>role</c>.</param>
    /// <param name="word">What it is called: <c>role</c>, <c>managed policy</c>.</param>
    /// <param name="names">Names, wildcards or ARNs.</param>
    /// <param name="list">Lists the names there are; used for wildcards.</param>
    /// <param name="action">What is done.</param>
    /// <param name="force">Whether <c>-Force</c> is given.</param>
    /// <param name="remove">Removes one.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all had their turn.</returns>
    private protected async Task RemoveNamedAsync(
        string kind, string word, string[] names, Func<IAsyncEnumerable<string>> list, string action, bool force, Func<string, Task> remove,
        CancellationToken cancellation)
    {
        foreach (string given in names)
        {
            try
            {
                string name = kind == "policy" ? given : IamName.Of(kind, given);
                string[] meant = [name];
                bool wild = false;
                if (WildcardPattern.ContainsWildcardCharacters(name))
                {
                    // On another server, such a character may be part of a name.
                    string[] all = await list().ToArrayAsync(cancellation);
                    wild = !all.Contains(name, StringComparer.Ordinal);
                    meant = wild ? [.. all.Where(new WildcardPattern(name, WildcardOptions.IgnoreCase).IsMatch)] : meant;
                    if (meant.Length == 0)
                    {
                        throw new LabException(LabErrorKind.NotFound, "NoSuchEntity", $"No {word} matches '{name}'.") { Target = given };
                    }
                }

                foreach (string one in meant)
                {
                    (bool goOn, Exception? nobody) = await TryShouldProcessAsync($"{word} '{one}'", action, force && !wild);
                    if (nobody is not null)
                    {
                        throw wild
                            ? NotConfirmed($"'{given}', which stands for {meant.Length} {(meant.Length == 1 ? word : word + "s")}", nobody, "A wildcard asks even with -Force: give the names, or use -Confirm:$false as well.")
                            : NotConfirmed($"{word} '{one}'", nobody, "Use -Force, or -Confirm:$false.");
                    }

                    if (goOn)
                    {
                        try
                        {
                            await remove(one);
                        }
                        catch (Exception e)
                        {
                            WriteProblem(e, one);
                        }
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }
    }
}
