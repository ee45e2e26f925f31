using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Review;

namespace CloudLab.Cmdlets.Identity.Review;

/// <summary>Finds who of an account can do something, directly or by assuming roles.</summary>
/// <remarks>
/// <para>Reads the users, groups and roles of the account in use, or of a saved one with -Path, and decides for each whether its policies allow the
/// action. For each role that may, it looks for those who can assume it, and for those who can assume these: Via shows the way. Services, other
/// accounts and identity providers that a trust policy names are shown, too.</para>
/// <para>Conditional is true where it depends on conditions whose values are not known, such as MFA, tags or an external id; -Context gives values.
/// Policies of resources, service control policies and session policies are not part of an account's principals and are not looked at.</para>
/// <para>Errors: ActionNotFound, with what was probably meant; SnapshotInvalid; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Who can delete objects of the bucket movies.</para>
/// <code>Find-LabPrincipal s3:DeleteObject s3://movies/data/users.json</code>
/// </example>
/// <example>
/// <para>Who can change policies of roles, with MFA.</para>
/// <code>Find-LabPrincipal iam:PutRolePolicy -Context @{ 'aws:MultiFactorAuthPresent' = 'true' } | Format-Table Principal, Via, Conditional</code>
/// </example>
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
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Resource { get; set; } = "*";

    /// <summary>Values of condition keys: <c>@{ 'aws:MultiFactorAuthPresent' = 'true' }</c>.</summary>
    [Parameter]
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
        files = [.. (Path ?? []).SelectMany(path => WildcardPattern.ContainsWildcardCharacters(path)
            ? FilePath.Matching(this, path)
            : (IEnumerable<string>)[FilePath.Of(this, path)])];
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

        AccountSnapshot account = files.Length > 0 ? await AccountFile.ReadAsync(files, cancellation) : await new AccountLoader(Client).LoadAsync(cancellation);
        foreach (LabPrincipalAccess access in PrincipalAccess.Find(account, action.Action, PolicyStatements.Resource(Resource), context))
        {
            await WriteAsync(access, cancellation);
        }
    }
}
