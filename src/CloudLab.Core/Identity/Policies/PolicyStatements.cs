using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Policies;

/// <summary>Statements that are asked for often, with no more in them than is needed.</summary>
public static class PolicyStatements
{
    /// <summary>Actions that reading objects needs.</summary>
    private static readonly string[] Reading = ["s3:GetObject"];

    /// <summary>Actions that writing objects, in parts too, and removing them needs.</summary>
    private static readonly string[] Writing =
        ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];

    /// <summary>Access to the objects of a bucket, or to those whose keys begin with a prefix.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="prefix">Beginning of the keys, or null for all.</param>
    /// <param name="write">Whether they may be written and removed, too.</param>
    /// <returns>One statement for listing and one for the objects.</returns>
    public static IReadOnlyList<PolicyStatement> ForBucket(string bucket, string? prefix, bool write)
    {
        string bucketArn = "arn:aws:s3:::" + bucket;

        // The prefix means itself, whatever characters are in it.
        string keys = (prefix ?? "").Replace("$", "${$}", StringComparison.Ordinal)
            .Replace("*", "${*}", StringComparison.Ordinal).Replace("?", "${?}", StringComparison.Ordinal) + "*";
        return
        [
            new PolicyStatement
            {
                Effect = PolicyEffect.Allow,
                Action = ["s3:ListBucket"],
                Resource = [bucketArn],
                Condition = string.IsNullOrEmpty(prefix) ? [] : [new PolicyCondition("StringLike", "s3:prefix", [keys])],
            },
            new PolicyStatement
            {
                Effect = PolicyEffect.Allow,
                Action = write ? [.. Reading, .. Writing] : Reading,
                Resource = [bucketArn + "/" + keys],
            },
        ];
    }

    /// <summary>A trust policy: who may assume a role.</summary>
    /// <param name="principals">
    /// Account ids, ARNs of accounts, users, roles or identity providers, names of services (<c>ec2.amazonaws.com</c>), or <c>*</c>.
    /// </param>
    /// <returns>The policy.</returns>
    public static PolicyDocument Trust(IEnumerable<string> principals) => new(
    [
        new PolicyStatement { Effect = PolicyEffect.Allow, Principal = Principal(principals), Action = ["sts:AssumeRole"] },
    ]);

    /// <summary>Sorts names of principals by their kind.</summary>
    /// <param name="names">As for <see cref="Trust"/>.</param>
    /// <returns>The principal. Throws <see cref="LabException"/> for a name of no known form.</returns>
    public static PolicyPrincipal Principal(IEnumerable<string> names)
    {
        List<string> aws = [], service = [], federated = [];
        foreach (string name in names)
        {
            bool arn = name.StartsWith("arn:", StringComparison.Ordinal);
            (arn && (name.Contains(":saml-provider/", StringComparison.Ordinal) || name.Contains(":oidc-provider/", StringComparison.Ordinal)) ? federated
                : (arn && !name.Contains(',', StringComparison.Ordinal)) || name == "*" || IsAccount(name) ? aws
                : name.Contains(".amazonaws.com", StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') ? service
                : throw new LabException(
                    LabErrorKind.InvalidArgument, "PrincipalInvalid",
                    name.Contains(',', StringComparison.Ordinal)
                        ? $"'{name}' is not one principal: give several as a list, without quotes around the whole: {string.Join(", ", name.Split(',', StringSplitOptions.TrimEntries))}."
                        : name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
                            ? $"'{name}' is not a principal. The service is {name}.amazonaws.com (New-LabRole -Service {name}); a user or a role is named by its ARN, such as arn:aws:iam::123456789012:user/{name}."
                            : $"'{name}' is not a principal: give an account id, the ARN of an account, user or role, a service such as ec2.amazonaws.com, or *."))
                .Add(name);
        }

        return new PolicyPrincipal { AWS = aws, Service = service, Federated = federated };
    }

    // Twelve digits; other servers have ids of their own, such as RGW11111111111111111. A unique id (AIDA…) has the same form.
    private static bool IsAccount(string name) => name.Length >= 12 && name.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c));

    /// <summary>The ARN that a resource is meant by.</summary>
    /// <param name="resource">An ARN, <c>*</c>, or an S3 address: <c>s3://movies/data/*</c>.</param>
    /// <returns>The ARN or <c>*</c>.</returns>
    public static string Resource(string resource) => resource.StartsWith("s3://", StringComparison.OrdinalIgnoreCase)
        ? "arn:aws:s3:::" + resource["s3://".Length..]
        : resource;
}
