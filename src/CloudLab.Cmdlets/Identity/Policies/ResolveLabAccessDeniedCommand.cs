using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Policies.Decisions;
using CloudLab.Core.Identity.Policies.Denials;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Explains a refusal: which layer of policies refused, and what would allow it.</summary>
/// <remarks>
/// <para>Reads the message of an error: who was refused, which action on which resource, and whether a statement denies it or none allows it, in which layer of policies. Suggestion
/// is a policy document that allows exactly that, and SuggestionFor says where it belongs. Where a statement denies it, nothing that is added helps, and there is no suggestion; nor is there one
/// for the policy of a resource where the caller is not known: it would have to name everybody.</para>
/// <para>A message that the service has encoded, as EC2 does, is decoded by STS; this needs the permission sts:DecodeAuthorizationMessage. Nothing else is sent unless -IncludePolicy is
/// given: then the policies of the role or user, the bucket's policy and the trust policy are read from the account and evaluated, and Evaluation names the statements that nearly allow
/// it. This needs credentials that may read them, such as those of an administrator with -ProfileName; those of the refused role seldom can.</para>
/// <para>Some servers say nothing but "Access Denied": name what was tried with -Action and -Resource.</para>
/// <para>Errors: NotAccessDenied for another kind of error; AccessDenied where the policies or the message cannot be read with these credentials.</para>
/// </remarks>
/// <example>
/// <para>Why was this refused, and what would allow it?</para>
/// <code>$null = New-LabRole movies-guest; $guest = Use-LabRole movies-guest -PassThru -SaveProfile guest; Get-LabObject -Bucket movies -Session $guest -ErrorAction SilentlyContinue; (Resolve-LabAccessDenied $Error[0]).Suggestion</code>
/// </example>
/// <example>
/// <para>The text of an error from another tool.</para>
/// <code>Resolve-LabAccessDenied 'User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::movies/data/a.json" because no permissions boundary allows the s3:GetObject action'</code>
/// </example>
/// <inputtype>System.Management.Automation.ErrorRecord, an exception, or System.String: the message.</inputtype>
/// <seealso cref="TestLabPolicyCommand"/>
/// <seealso cref="AddLabPolicyStatementCommand"/>
/// <seealso cref="Sts.GetLabCallerIdentityCommand"/>
[Cmdlet(VerbsDiagnostic.Resolve, "LabAccessDenied")]
[OutputType(typeof(LabAccessDenied))]
public sealed partial class ResolveLabAccessDeniedCommand : IdentityCommand
{
    /// <summary>The error: an error record such as <c>$Error[0]</c>, an exception, or the text of a message.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject", "ErrorRecord")]
    [ValidateNotNullOrEmpty]
    public object? Message { get; set; }

    /// <summary>The action that was refused, where the message does not say.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Action { get; set; }

    /// <summary>The resource, where the message does not say: an ARN or an S3 address.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(AddressCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Resource { get; set; }

    /// <summary>Who was refused, where the message does not say: the ARN of a user, role or role session.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RoleArnCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Principal { get; set; }

    /// <summary>Condition keys of the request, for -IncludePolicy: <c>@{ 's3:prefix' = 'data/' }</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public object? Context { get; set; }

    /// <summary>Reads the policies of the caller and of the resource from the account and evaluates them.</summary>
    [Parameter]
    public SwitchParameter IncludePolicy { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        (string message, LabException? error) = MessageOf(Message);
        AccessDenialText text = AccessDenialText.Parse(message);
        if (text is { Action: null, Layer: null, Encoded: null } && error?.Kind != LabErrorKind.AccessDenied && (error is not null || (Action is null && !Refusal().IsMatch(message))))
        {
            string line = message.Split('\n', '\r')[0];
            WriteProblem(new LabException(LabErrorKind.InvalidData, "NotAccessDenied", $"This is not a refusal of access{(error is null ? "" : $", but {error.Code}")}: {line}"), Message);
            return;
        }

        string? decoded = null;
        AuthorizationMessages messages = new(Client);
        if (text.Encoded is { } encoded)
        {
            (decoded, AccessDenialText inside) = await messages.DecodeAsync(encoded, cancellation);
            text = inside with { Principal = inside.Principal ?? text.Principal, Action = inside.Action ?? text.Action, Resource = inside.Resource ?? text.Resource };
        }

        text = text with
        {
            Principal = Principal ?? text.Principal,
            Action = Action is null ? text.Action : PolicyActionNames.Permissions(Action)[0],
            Resource = Resource is null ? text.Resource : PolicyStatements.Resource(Resource),
        };
        (LabPolicyDecision? evaluation, PolicyCaller? caller) = IncludePolicy && text is { Action: not null, Resource: not null } ? await EvaluateAsync(text, cancellation) : (null, null);
        await WriteAsync(AuthorizationMessages.Explain(text, evaluation, decoded, caller), cancellation);
    }

    private static (string Message, LabException? Error) MessageOf(object? given)
    {
        object? plain = given is PSObject wrapper ? wrapper.BaseObject : given;
        if (plain is IList)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "ErrorAmbiguous", "Which error? Give one, such as $Error[0], or pipe them: $Error | Resolve-LabAccessDenied.");
        }

        Exception? exception = plain is ErrorRecord record ? record.Exception : plain as Exception;
        return exception is null
            ? (plain is ErrorRecord bare ? bare.ToString() : $"{plain}", null)
            : (exception.Message, exception as LabException ?? exception.InnerException as LabException);
    }

    private async Task<(LabPolicyDecision Decision, PolicyCaller Caller)> EvaluateAsync(AccessDenialText text, CancellationToken cancellation)
    {
        string principal = text.Principal ?? (await Caller.GetIdentityAsync(cancellation)).Arn;
        PolicyCaller caller = CallerText.Parse(principal);
        PolicyContext context = PolicyContextArgument.Read(Context);
        PolicySet policies = new();
        string? entity = (caller.RoleArn ?? caller.Arn)?.Split(':', 6)[^1];
        PrincipalPolicies reader = new(Client);
        PrincipalPolicySet? own = entity?.Split('/') switch
        {
            ["role", .., var role] => await reader.OfRoleAsync(role, cancellation),
            ["user", .., var user] => await reader.OfUserAsync(user, cancellation),
            _ => null,
        };
        if (own is not null)
        {
            policies = own.Policies;
            caller = own.Completed(caller);
            foreach ((string key, string value) in own.Tags)
            {
                context.Set("aws:PrincipalTag/" + key, value);
            }
        }

        string[] arn = text.Resource!.Split(':', 6);
        if (arn is [_, _, "s3", _, "", var path])
        {
            policies = policies with { Resource = await BucketPolicyAsync(path.Split('/')[0], cancellation) };
        }
        else if (arn is [_, _, "iam", _, _, ['r', 'o', 'l', 'e', '/', ..] role] && text.Action!.StartsWith("sts:", StringComparison.Ordinal)
            && (await Roles.GetAsync(role[(role.LastIndexOf('/') + 1)..], cancellation)).TrustPolicy is { } trust)
        {
            policies = policies with { Resource = new NamedPolicy($"trust policy of role '{role[(role.LastIndexOf('/') + 1)..]}'", trust), ResourceMustAllow = true };
        }

        CallerText.Describe(caller, context);
        return (PolicyExplainer.Explain(new PolicyRequest(text.Action!, text.Resource, caller, context), policies, principal), caller);
    }

    [GeneratedRegex("access.?denied|not authorized|unauthori[sz]ed|forbidden|permission|\\b403\\b", RegexOptions.IgnoreCase)]
    private static partial Regex Refusal();
}
