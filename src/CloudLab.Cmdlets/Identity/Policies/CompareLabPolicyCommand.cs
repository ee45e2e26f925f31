using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Policies.Comparison;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Compares policies by what they allow: writes example requests that one side allows and the other does not.</summary>
/// <remarks>
/// <para>The texts of the policies may differ without any difference in access, and the other way round. This cmdlet makes requests from the patterns of both sides - actions,
/// resources, values at the boundaries of conditions, and callers where the policies name principals - and decides each for both sides. What it writes has been
/// evaluated: SideIndicator is => where only -Difference allows it, and &lt;= where only -Reference does. There is one example for each statement and action.</para>
/// <para>Several policies of a side count together, as those of one role. Policies that name principals (bucket policies, trust policies) are compared by whom
/// they give access, whatever the caller's own policies are; the two kinds cannot be mixed. Wildcards of actions are tried with the actions of the catalogue (Find-LabAction), those of services that it does not have with
/// names made from the pattern; -Action gives the list to use instead.</para>
/// <para>-NoNewAccess and -MustNotGrant are gates for a pipeline: they write the examples and end with an error if there are any, so that a script and `cloudlab` fail; and write
/// nothing if there are none. They also fail where the policies have too many combinations to try them all (ComparisonUndecided); without them, a warning says so.</para>
/// <para>Errors: NewAccessGranted and AccessGranted from the gates, with the example as the target; ComparisonUndecided; ActionUnknown; ActionInvalid; ResourceInvalid; PolicyMissing when no policy came through the pipeline; MalformedPolicyDocument; PolicyKindsDiffer.</para>
/// </remarks>
/// <example>
/// <para>What does the change of a policy give and take?</para>
/// <code>$old = New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly; $new = New-LabPolicyDocument -Bucket movies -ReadOnly; Compare-LabPolicy $old $new</code>
/// </example>
/// <example>
/// <para>Gates: the new policy must not allow anything that the old one does not, nor deleting buckets.</para>
/// <code>$old = New-LabPolicyDocument -Bucket movies -ReadOnly; $new = New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly; Compare-LabPolicy $old $new -NoNewAccess; Compare-LabPolicy -Difference $new -MustNotGrant s3:DeleteBucket, s3:*@arn:aws:s3:::secret*</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Policies.PolicyDocument, or a policy in another form: the new policies.</inputtype>
[Cmdlet(VerbsData.Compare, "LabPolicy")]
[OutputType(typeof(LabPolicyDifference))]
public sealed class CompareLabPolicyCommand : LabCommand
{
    private readonly List<NamedPolicy> changed = [];
    private IReadOnlyList<NamedPolicy> reference = [];

    /// <summary>Policies to compare with: policy documents, hashtables, JSON text or paths of JSON files. -MustNotGrant needs none.</summary>
    [Parameter(Position = 0)]
    [Alias("ReferenceObject")]
    [ValidateNotNullOrEmpty]
    public object[]? Reference { get; set; }

    /// <summary>The new policies, in the same forms.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [Alias("DifferenceObject", "Policy")]
    [ValidateNotNullOrEmpty]
    public object[] Difference { get; set; } = [];

    /// <summary>Actions to try, in place of those that the policies' patterns lead to.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Action { get; set; }

    /// <summary>Fails if -Difference allows a request that -Reference does not.</summary>
    [Parameter]
    public SwitchParameter NoNewAccess { get; set; }

    /// <summary>Fails if -Difference allows one of these actions, anywhere or, after <c>@</c>, on a resource: <c>s3:DeleteBucket</c>, <c>s3:*@arn:aws:s3:::prod*</c>. What does not exist is refused.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? MustNotGrant { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        reference = PolicyArgument.ReadAll(this, nameof(Reference), Reference, PolicyKind.Any, "the reference policy");
        if (Reference is null && (MustNotGrant is null || NoNewAccess))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ReferenceMissing", "-Reference is missing: give the policies to compare with; only -MustNotGrant does without.");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess() =>
        changed.AddRange(PolicyArgument.ReadAll(this, nameof(Difference), Difference, PolicyKind.Any, "the new policy"));

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (changed.Count == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PolicyMissing", "Nothing came through the pipeline: no policy for -Difference, so that there is nothing to compare.");
        }

        if (reference.Count > 0 && PolicySearch.IsOfResource(reference) != PolicySearch.IsOfResource(changed))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PolicyKindsDiffer", "One side names principals, as policies of resources and roles do, and the other does not: they allow different things to different callers and cannot be compared.");
        }

        Action = Action?.SelectMany(name => PolicyActionNames.Permissions(name, action => changed.Concat(reference).Any(policy => policy.Document.Names(action)))).ToArray();
        List<ForbiddenGrant> forbidden = [.. (MustNotGrant ?? []).Select(grant => ForbiddenGrant.Parse(grant, changed))];
        foreach (ForbiddenGrant grant in forbidden.Where(grant => grant.IsOfUnknownService(changed)))
        {
            Reporter.Warning($"-MustNotGrant: neither the catalogue (Find-LabAction) nor a policy has a service '{grant.Action.Split(':')[0]}', so that {grant.Action} is granted only by patterns: see that it is not misspelt.");
        }

        List<LabPolicyDifference> gained = [];
        if (MustNotGrant is null || NoNewAccess)
        {
            gained = await WriteFoundAsync(new PolicySearch(changed, reference, "=>") { Action = Action }, cancellation);
        }

        if (MustNotGrant is null && !NoNewAccess)
        {
            await WriteFoundAsync(new PolicySearch(reference, changed, "<=") { Action = Action }, cancellation);
            return;
        }

        if (gained.Count > 0)
        {
            throw Failed("NewAccessGranted", "The new policy allows what the reference does not", gained);
        }

        List<LabPolicyDifference> granted = [];
        foreach (ForbiddenGrant grant in forbidden)
        {
            granted.AddRange(await WriteFoundAsync(new PolicySearch(changed, [], "=>") { Action = Action, OnlyAction = grant.Action, OnlyResource = grant.Resource }, cancellation));
        }

        if (granted.Count > 0)
        {
            throw Failed("AccessGranted", "The policy grants what it must not", granted);
        }
    }

    private static LabException Failed(string code, string what, List<LabPolicyDifference> found) =>
        new(LabErrorKind.InvalidData, code, $"{what}, in {found.Count} {Counted.Noun(found.Count, "example")}: {found[0]}.")
        {
            StopsCommand = true,
            Target = found[0],
            Advice = "Each example is a request that was evaluated: try it with Test-LabPolicy.",
        };

    private async Task<List<LabPolicyDifference>> WriteFoundAsync(PolicySearch search, CancellationToken cancellation)
    {
        List<LabPolicyDifference> found = [];
        foreach (LabPolicyDifference difference in search.Find(cancellation))
        {
            found.Add(difference);
            await WriteAsync(difference, cancellation);
        }

        Reporter.Verbose($"{search.Tried} requests were decided, {found.Count} differ.");
        if (search.Undecided.Count == 0 || found.Count > 0)
        {
            return found;
        }

        // A gate must not pass for what was not looked at.
        string what = $"No difference was found, but that does not prove that there is none: {string.Join("; ", search.Undecided)}";
        if (NoNewAccess || MustNotGrant is not null)
        {
            throw new LabException(LabErrorKind.InvalidData, "ComparisonUndecided", $"{what}.")
            {
                StopsCommand = true,
                Advice = "Compare smaller parts of the policies one by one, or the actions that matter with -Action.",
            };
        }

        Reporter.Warning($"{what}.");
        return found;
    }
}
