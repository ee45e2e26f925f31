using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Review;

namespace CloudLab.Cmdlets.Identity.Review;

/// <summary>Finds who of an account can do something, directly or by assuming roles.</summary>
/// <remarks>
/// <para>Reads the users, groups and roles of the account in use, or of a saved one with -Path, and decides for each whether its policies allow the
/// action. For each role that may, it looks for those who can assume it, and for those who can assume these: Via shows the way. Services, other
/// accounts and identity providers that a trust policy names are shown, too.</para>
/// <para>Conditional is true where it depends on conditions whose values are not known, such as MFA, tags or an external id; -Context gives values.
/// What is considered: policies of users, groups and roles, permissions boundaries, trust policies of roles (sts:AssumeRole is possible only where both sides allow it), and
/// for a bucket or object of the account in use the bucket's policy, with all whom it names: everyone (*), other accounts, services. Not considered: policies of other resources
/// (queues, keys, functions), ACLs and the public access block of buckets, service and resource control policies, and session policies. With -Path, no bucket is looked at.</para>
/// <para>A policy that cannot be read could allow or deny it: a warning names its principal, and the property Unreadable names the policy.</para>
/// <para>Errors: ActionNotFound, with what was probably meant; ResourceInvalid; ResourceMissing for sts:AssumeRole without a role; SnapshotInvalid; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Who can delete objects of the bucket movies.</para>
/// <code>Find-LabPrincipal s3:DeleteObject s3://movies/data/users.json</code>
/// </example>
/// <example>
/// <para>Who can change policies of roles, with MFA.</para>
/// <code>Find-LabPrincipal iam:PutRolePolicy -Context @{ 'aws:MultiFactorAuthPresent' = 'true' } | Format-Table Principal, Via, Conditional</code>
/// </example>
/// <seealso cref="MeasureLabPolicyCommand"/>
/// <seealso cref="Policies.TestLabPolicyCommand"/>
/// <seealso cref="Catalogue.FindLabActionCommand"/>
[Cmdlet(VerbsCommon.Find, "LabPrincipal")]
[OutputType(typeof(LabPrincipalAccess))]
public sealed class FindLabPrincipalCommand : IdentityCommand
{
    private string[] files = [];

    /// <summary>The action: <c>s3:DeleteObject</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string Action { get; set; } = "";

    /// <summary>The resource: an ARN, or an S3 address such as <c>s3://movies/data/users.json</c>. Without it, access to every resource is asked about.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(AddressCompleter))]
    [ValidateNotNullOrEmpty]
    public string Resource { get; set; } = "*";

    /// <summary>Values of condition keys: <c>@{ 'aws:MultiFactorAuthPresent' = 'true' }</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public IDictionary? Context { get; set; }

    /// <summary>Saved account, instead of the one in use: files that 'aws iam get-account-authorization-details' wrote; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        files = [.. (Path ?? []).SelectMany(path => FilePath.Meant(this, path))];
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ActionCatalogue.Find(Action) is not { } action)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ActionNotFound",
                WildcardPattern.ContainsWildcardCharacters(Action) ? $"-Action needs a single action, not {Action}: Find-LabAction lists what it stands for." : $"No action is named {Action}. {ApiCalls.WhatWasMeant(Action)}");
        }

        Dictionary<string, string[]> context = new(StringComparer.OrdinalIgnoreCase);
        foreach (object key in Context?.Keys ?? Array.Empty<object>())
        {
            string name = key.ToString() ?? "";
            object? value = Context![key] is PSObject wrapper ? wrapper.BaseObject : Context[key];
            context[name] = value is IEnumerable list and not string ? [.. list.Cast<object?>().Select(item => TextTable.Text(name, item) ?? "")] : [TextTable.Text(name, value) ?? ""];
        }

        string resource = PolicyActionNames.ResourceOf(action.Action, PolicyStatements.RequestResource(Resource));
        if (PrincipalAccess.IsAssuming(action.Action) && resource == "*")
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ResourceMissing", $"Who can assume a role depends on the role's trust policy: give its ARN as -Resource, such as arn:aws:iam::123456789012:role/deploy.");
        }

        if (PolicyActionNames.Misfit(action.Action, resource) is { } misfit)
        {
            Reporter.Warning($"This request does not exist: {misfit}");
        }

        AccountSnapshot account = files.Length > 0 ? await AccountFile.ReadAsync(files, cancellation) : await new AccountLoader(Client).LoadAsync(cancellation);
        foreach (AccountPrincipal principal in account.Principals.Where(principal => principal.Kind != AccountPrincipalKind.Group && principal.AllUnreadable().Any()))
        {
            Reporter.Warning($"Whether {principal.Arn} is allowed is not certain: {string.Join(", ", principal.AllUnreadable())} could not be read.");
        }

        if (PrincipalAccess.IsAssuming(action.Action) && !account.Principals.Any(principal => principal.Arn == resource))
        {
            Reporter.Warning($"The trust policy of {resource} is not known: only what the callers' own policies say is considered.");
        }

        foreach (LabPrincipalAccess access in PrincipalAccess.Find(account, action.Action, resource, context, files.Length > 0 ? null : await ResourcePolicyAsync(resource, cancellation)))
        {
            await WriteAsync(access, cancellation);
        }
    }

    private async Task<NamedPolicy?> ResourcePolicyAsync(string resource, CancellationToken cancellation)
    {
        if (resource.Split(':', 6) is not [_, _, "s3", "", "", var path] || path.Split('/')[0] is not { Length: > 0 } bucket || WildcardPattern.ContainsWildcardCharacters(bucket))
        {
            return null;
        }

        try
        {
            return await BucketPolicyAsync(bucket, cancellation);
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.AccessDenied or LabErrorKind.NotSupported || e.Code == "MalformedPolicyDocument")
        {
            Reporter.Warning($"The policy of bucket '{bucket}' is not considered: {e.Message}");
            return null;
        }
    }
}
