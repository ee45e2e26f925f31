using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Identity.Trails;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Review;
using CloudLab.Core.Identity.Trails;

namespace CloudLab.Cmdlets.Identity.Review;

/// <summary>Reviews policies for what they allow beyond what is needed, ways to further permissions, public access, and mistakes.</summary>
/// <remarks>
/// <para>Without -Policy and -Path, the users, groups and roles of the account in use are read and reviewed. -Path reviews a saved account
/// instead: what 'aws iam get-account-authorization-details' writes, one file or several pages, gzipped or not. -Policy, or the pipeline, reviews
/// documents: JSON, files, New-LabPolicyDocument, Get-LabBucketPolicy, policies of Get-LabRole. Policies of resources are not part of the review of an account: a public
/// bucket is found by <c>Get-LabBucket | Get-LabBucketPolicy | Measure-LabPolicy</c>.</para>
/// <para>A principal is reviewed with all its policies together, those of its groups and its boundary included: iam:PassRole in one policy and
/// ec2:RunInstances in another are a way to any role. docs/policy-review.md lists the rules and the ways.</para>
/// <para>-Baseline names a file of accepted findings, which are left out; -UpdateBaseline writes it. A finding is recognized by its rule, principal and
/// policy and by what the statement says, so it comes back when the statement changes. The file has a field "reason" for each finding, which is
/// kept.</para>
/// <para>-Trail compares with what was done: permissions that were granted and not used, for each user and role.</para>
/// <para>Errors: SnapshotInvalid, SnapshotUnreadable, MalformedPolicyDocument, BaselineInvalid, TrailInvalid, AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Reviews the account in use, and shows what is severe.</para>
/// <code>Measure-LabPolicy -Severity High</code>
/// </example>
/// <example>
/// <para>Reviews one document before it is used.</para>
/// <code>New-LabPolicyDocument -Allow s3:HeadObject, iam:PassRole, ec2:RunInstances -Resource * | Measure-LabPolicy | Format-List Id, Severity, Why, Fix</code>
/// </example>
/// <example>
/// <para>Accepts what there is now; later only new findings are shown.</para>
/// <code>Measure-LabPolicy -Baseline accepted.json -UpdateBaseline; Measure-LabPolicy -Baseline accepted.json</code>
/// </example>
/// <example>
/// <para>Writes a report for code scanning.</para>
/// <code>Measure-LabPolicy -OutputFormat Sarif | Set-Content policies.sarif</code>
/// </example>
/// <inputtype>A policy: CloudLab.Core.Identity.Policies.PolicyDocument, a bucket policy, a role's policy, JSON text or a path.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "LabPolicy", DefaultParameterSetName = "Account")]
[OutputType(typeof(LabPolicyFinding), typeof(string))]
public sealed class MeasureLabPolicyCommand : IdentityCommand
{
    private readonly List<LabPolicyFinding> findings = [];
    private ReviewBaseline? baseline;
    private string? baselinePath;
    private string location = "";
    private string[] files = [];
    private string[] trail = [];
    private (PolicyDocument Document, string Name, string? Path)? current;
    private int documents;

    /// <summary>Policies to review: documents, JSON text, hashtables, paths of files, bucket policies, policies of roles.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "Document")]
    [ValidateNotNull]
    public object? Policy { get; set; }

    /// <summary>Saved account to review, instead of the one in use: files that 'aws iam get-account-authorization-details' wrote; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Only findings about these users, groups or roles: names or ARNs; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = "Account")]
    [Parameter(ParameterSetName = "Path")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Principal { get; set; }

    /// <summary>CloudTrail records to compare with: files, folders, or a prefix of a bucket such as <c>s3://trail/AWSLogs/</c>.</summary>
    [Parameter(ParameterSetName = "Account")]
    [Parameter(ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    public string[]? Trail { get; set; }

    /// <summary>Lowest severity to show: Low, Medium, High or Critical.</summary>
    [Parameter]
    public FindingSeverity Severity { get; set; }

    /// <summary>File of accepted findings, which are left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Baseline { get; set; }

    /// <summary>Writes all findings into the file that -Baseline names, and shows none of them.</summary>
    [Parameter]
    public SwitchParameter UpdateBaseline { get; set; }

    /// <summary>Object for findings as objects, Sarif for one SARIF 2.1.0 text, JUnit for one JUnit XML text.</summary>
    [Parameter]
    public ReviewFormat OutputFormat { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        location = SessionState.Path.CurrentFileSystemLocation.ProviderPath;
        if (UpdateBaseline && Baseline is null)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "BaselineMissing", "-UpdateBaseline needs -Baseline, the file to write.");
        }

        if (Baseline is not null)
        {
            baselinePath = FilePath.Of(this, Baseline);
            baseline = ReviewBaseline.Read(baselinePath, mayBeMissing: UpdateBaseline);
        }

        files = [.. Path.SelectMany(path => FilePath.Meant(this, path))];
        trail = [.. (Trail ?? []).SelectMany(place => TrailInput.IsInBucket(place) ? [place] : FilePath.Meant(this, place))];
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        current = null;
        if (ParameterSetName == "Document" && PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Any) is { } document)
        {
            documents++;
            object plain = Policy is PSObject wrapper ? wrapper.BaseObject : Policy!;
            current = PolicyArgument.NameOf(plain) is { } name ? (document, name, null) : plain switch
            {
                FileInfo file => (document, file.Name, file.FullName),
                string text when !PolicyArgument.IsText(text) => (document, text, FilePath.Of(this, text)),
                _ => (document, documents == 1 ? "document" : $"document {documents}", null),
            };
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (current is { } given)
        {
            await TakeAsync(PolicyReview.Review(given.Document, given.Name, given.Path), cancellation);
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == "Document")
        {
            return;
        }

        TrailUsage? usage = null;
        if (trail.Length > 0)
        {
            usage = new TrailUsage();
            await foreach (TrailSource source in TrailInput.FindAsync(trail, () => Lab, Reporter, cancellation))
            {
                await usage.AddAsync(source, cancellation);
            }

            Reporter.Verbose($"{usage.Read} calls of the trail were read ({usage.Span}).");
        }

        AccountSnapshot account = ParameterSetName == "Path" ? await AccountFile.ReadAsync(files, cancellation) : await new AccountLoader(Client).LoadAsync(cancellation);
        Reporter.Verbose($"{account.Principals.Count} principals are reviewed.");
        await TakeAsync(PolicyReview.Review(account, files.FirstOrDefault(), usage).Where(IsWanted), cancellation);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (UpdateBaseline)
        {
            baseline!.Write(baselinePath!, findings);
            Reporter.Verbose($"{findings.Count} findings were written to {baselinePath}.");
        }
        else if (OutputFormat != ReviewFormat.Object)
        {
            await WriteAsync(OutputFormat == ReviewFormat.Sarif ? PolicyReview.ToSarif(findings, location) : PolicyReview.ToJUnit(findings, files, location), cancellation);
        }

        if (!UpdateBaseline && baseline is { Stale: > 0 } old && Principal is null && ParameterSetName != "Document")
        {
            Reporter.Warning($"{old.Stale} accepted findings of {Baseline} no longer exist: -UpdateBaseline removes them.");
        }
    }

    private async Task TakeAsync(IEnumerable<LabPolicyFinding> found, CancellationToken cancellation)
    {
        foreach (LabPolicyFinding finding in found)
        {
            if (UpdateBaseline)
            {
                findings.Add(finding);
            }
            else if (baseline?.Accepts(finding) != true && finding.Severity >= Severity)
            {
                if (OutputFormat != ReviewFormat.Object)
                {
                    findings.Add(finding);
                }
                else
                {
                    await WriteAsync(finding, cancellation);
                }
            }
        }
    }

    private bool IsWanted(LabPolicyFinding finding) => Principal is null || Array.Exists(
        Principal, pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase) is var wanted
            && (wanted.IsMatch(finding.Principal) || wanted.IsMatch(finding.Principal[(finding.Principal.LastIndexOf('/') + 1)..])));
}
