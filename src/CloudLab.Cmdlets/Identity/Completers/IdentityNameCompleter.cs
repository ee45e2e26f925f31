using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Base of the completers that offer names from a list of IAM.</summary>
public abstract class IdentityNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((string name, string? tip) in NamesAsync(request, new IdentityClient(session), cancellation))
        {
            if (request.Fits(name))
            {
                yield return Completion.Offer(name, CompletionResultType.ParameterValue, tip);
            }
        }
    }

    /// <summary>Lists the names.</summary>
    /// <param name="request">What is to be completed.</param>
    /// <param name="client">The services.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Each name, and more about it.</returns>
    private protected abstract IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation);
}

/// <summary>Offers the account's users.</summary>
public sealed class UserNameCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new UserStore(client).ListAsync(null, cancellation).Select(user => (user.Name, (string?)user.UserArn));
}

/// <summary>Offers the account's groups.</summary>
public sealed class GroupNameCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new GroupStore(client).ListAsync(null, cancellation).Select(group => (group.Name, (string?)group.GroupArn));
}

/// <summary>Offers the account's roles, by name.</summary>
public class RoleNameCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new RoleStore(client).ListAsync(null, cancellation).Select(role => (TextOf(role), (string?)(role.Description ?? role.RoleArn)));

    /// <summary>What is offered of a role.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Its name.</returns>
    private protected virtual string TextOf(LabRole role) => role.Name;
}

/// <summary>Offers the account's managed policies, by name; AWS's too where the parameter takes any.</summary>
public sealed class PolicyNameCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new ManagedPolicyStore(client)
            .ListAsync(request.Parameter is "ManagedPolicy" or "PermissionsBoundary" ? PolicyScope.All : PolicyScope.Local, null, cancellation)
            .Select(policy => (policy.Name, (string?)policy.PolicyArn));
}

/// <summary>Offers the ARNs of the account's managed policies, and of AWS's.</summary>
public sealed class PolicyArnCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new ManagedPolicyStore(client).ListAsync(PolicyScope.All, null, cancellation).Select(policy => (policy.PolicyArn, (string?)policy.Name));
}

/// <summary>Offers the versions of the managed policy that is on the command line.</summary>
public sealed class PolicyVersionCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(
        CompletionRequest request, IdentityClient client, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Name") is { } policy)
        {
            ManagedPolicyStore policies = new(client);
            foreach (LabPolicyVersion version in await policies.VersionsAsync(await policies.FindArnAsync(policy, cancellation), cancellation))
            {
                yield return (version.VersionId, version.IsDefault ? "in force" : $"of {version.CreateDate:u}");
            }
        }
    }
}

/// <summary>Offers the inline policies of the user, group or role that is on the command line.</summary>
public sealed class InlinePolicyCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(
        CompletionRequest request, IdentityClient client, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (PrincipalKind kind in Enum.GetValues<PrincipalKind>())
        {
            if (request.Text(kind.ToString()) is { } name)
            {
                await foreach (string policy in new PolicyAttachmentStore(client).InlineNamesAsync(kind, name, cancellation))
                {
                    yield return (policy, null);
                }
            }
        }
    }
}

/// <summary>Offers the account's instance profiles.</summary>
public sealed class InstanceProfileNameCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new InstanceProfileStore(client).ListAsync(null, cancellation).Select(profile => (profile.Name, profile.RoleName));
}

/// <summary>Offers the access keys of the user that is on the command line, or the caller's.</summary>
public sealed class AccessKeyIdCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new AccessKeyStore(client).ListAsync(request.Text("User"), cancellation).Select(key => (key.AccessKeyId, (string?)$"{key.Status}, of {key.CreateDate:u}"));
}
