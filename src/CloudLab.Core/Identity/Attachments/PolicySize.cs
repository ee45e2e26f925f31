using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Attachments;

/// <summary>
/// How large policies may be: IAM counts characters without white space
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
/// </summary>
internal static class PolicySize
{
    /// <summary>A managed policy.</summary>
    public const int Managed = 6144;

    /// <summary>All inline policies of a user.</summary>
    public const int User = 2048;

    /// <summary>All inline policies of a group.</summary>
    public const int Group = 5120;

    /// <summary>All inline policies of a role.</summary>
    public const int Role = 10240;

    /// <summary>A trust policy.</summary>
    public const int Trust = 2048;

    /// <summary>Counts as IAM does.</summary>
    /// <param name="document">The document.</param>
    /// <returns>Characters that are not white space.</returns>
    public static int Of(PolicyDocument document) => document.ToJson(indented: false).Count(c => !char.IsWhiteSpace(c));

    /// <summary>Says by how much a policy is too large, after the service has refused it.</summary>
    /// <param name="refused">What the service said.</param>
    /// <param name="what">What is too large: <c>managed policy 'x'</c>.</param>
    /// <param name="size">Its size.</param>
    /// <param name="limit">How large it may be.</param>
    /// <param name="advice">What to do.</param>
    /// <returns>An error that says it, or the service's own where the size is not the reason.</returns>
    public static LabException Explain(LabException refused, string what, int size, int limit, string advice) => size <= limit ? refused : new LabException(
        refused.Kind, refused.Code,
        string.Create(CultureInfo.InvariantCulture, $"{what}: {size:N0} characters without white space, {size - limit:N0} more than the {limit:N0} allowed ({refused.Code})."),
        refused)
    {
        StatusCode = refused.StatusCode, RequestId = refused.RequestId, Target = refused.Target, Advice = advice,
    };
}
