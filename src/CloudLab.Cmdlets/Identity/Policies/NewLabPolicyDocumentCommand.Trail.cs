using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Trails;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Trails;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>The part that makes statements of what was done: of a trail, or of this session's own calls.</summary>
public sealed partial class NewLabPolicyDocumentCommand
{
    private const string TrailSet = "Trail";
    private const string SessionSet = "Session";
    private const int UnknownShown = 5;

    private readonly CommandSession commandSession = new();
    private string[] trail = [];

    /// <summary>CloudTrail records of what was done: files, folders (gzipped or not), or a prefix of a bucket such as <c>s3://trail/AWSLogs/</c>. The result is the smallest policy for it; calls that failed are left out.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TrailSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] FromTrail { get; set; } = [];

    /// <summary>Calls of the trail that were refused for lack of permission count, too.</summary>
    [Parameter(ParameterSetName = TrailSet)]
    public SwitchParameter IncludeDenied { get; set; }

    /// <summary>Makes the policy of the calls that CloudLab has sent in this PowerShell session and that succeeded.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SessionSet)]
    public SwitchParameter FromSession { get; set; }

    /// <summary>Session for a trail in a bucket, from <c>Connect-Lab</c> or <c>Get-LabSession</c>; the runspace's default if omitted.</summary>
    [Parameter(ParameterSetName = TrailSet)]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    private bool IsFromCalls => ParameterSetName is TrailSet or SessionSet;

    // On the pipeline thread: paths are relative to the current location.
    private void BeginTrail()
    {
        if (IsFromCalls && (Condition ?? Sid ?? Prefix) is not null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "StatementAmbiguous", "-FromTrail and -FromSession make the statements: omit -Condition, -Sid and -Prefix.");
        }

        commandSession.Begin();
        trail = [.. FromTrail.SelectMany(place => TrailInput.IsInBucket(place) ? [place] : FilePath.Meant(this, place))];
    }

    private async Task<IReadOnlyList<PolicyStatement>> StatementsOfCallsAsync(CancellationToken cancellation)
    {
        TrailPolicy policy = FromSession ? SessionTrail.Policy() : new TrailPolicy();
        PrincipalFilter filter = new(Principal ?? []);
        await foreach (TrailSource source in TrailInput.FindAsync(trail, () => commandSession.Resolve(new SessionOptions(), Session), Reporter, cancellation))
        {
            await policy.AddAsync(source, filter, IncludeDenied, cancellation);
        }

        Reporter.Verbose($"{policy.Read} calls were read, {policy.Used} count, {policy.Failed} failed and were left out.");
        if (FromSession && SessionTrail.LeftOut > 0)
        {
            Reporter.Warning($"The policy lacks {SessionTrail.LeftOut} calls: this process has sent more different ones than are noted. Run the work in a new process.");
        }

        if (policy.Unknown.Count > 0)
        {
            Reporter.Warning(
                $"The permissions of {policy.Unknown.Count} calls are not known, so the policy lacks them: {SomeOf.Names(policy.Unknown.Keys, UnknownShown)}.");
        }

        return policy.Build()?.Statement ?? throw new LabException(
            LabErrorKind.InvalidArgument, "NothingWasDone",
            FromSession ? "CloudLab has sent no call in this session that needs a permission: run what the policy is for first."
            : policy.Read == 0 ? "The trail has no records."
            : $"None of the {policy.Read} calls of the trail counts{(Principal is null ? "" : $" for {string.Join(", ", Principal)}")}{(policy.Failed > 0 ? $"; {policy.Failed} failed, and -IncludeDenied counts those that were refused" : "")}.");
    }
}
