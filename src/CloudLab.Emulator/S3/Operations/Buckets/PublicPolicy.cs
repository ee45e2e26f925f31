using System.IO.Enumeration;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Checks bucket policies, and finds those that open the bucket to everybody.</summary>
internal static class PublicPolicy
{
    /// <summary>Condition keys that tie a statement to somebody, as S3 counts them.</summary>
    private static readonly HashSet<string> Ties = new(StringComparer.OrdinalIgnoreCase)
    {
        "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount", "aws:SourceArn",
        "aws:SourceIp", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:userid", "aws:username", "s3:DataAccessPointAccount",
        "s3:DataAccessPointArn",
    };

    /// <summary>Goes on only where a policy may be put.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="text">The policy. Throws MalformedPolicy, or AccessDenied where it is public and that is blocked.</param>
    public static void Check(S3Bucket bucket, string text)
    {
        try
        {
            PolicyDocument policy = PolicyDocument.Parse(text, PolicyKind.Resource);
            if (policy.Statement.SelectMany(statement => statement.Resource.Concat(statement.NotResource)).Any(resource => !IsOf(bucket, resource)))
            {
                throw new S3Exception(400, "MalformedPolicy", "Policy has invalid resource");
            }
        }
        catch (LabException e)
        {
            throw new S3Exception(400, "MalformedPolicy", e.Message);
        }

        if (bucket.Settings.PublicAccess.BlockPolicy && Is(JsonNode.Parse(text)!))
        {
            throw S3Exception.AccessDenied("Access Denied because public policies are blocked by the BlockPublicPolicy block public access setting.");
        }
    }

    /// <summary>Whether a policy lets anybody in.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>True if so.</returns>
    public static bool Is(JsonNode policy)
    {
        IEnumerable<JsonNode?> statements = policy["Statement"] is JsonArray array ? array : [policy["Statement"]];
        return statements.OfType<JsonObject>().Any(statement =>
            (string?)statement["Effect"] == "Allow" && IsAnybody(statement["Principal"]) && !IsTied(statement["Condition"]));
    }

    // The bucket itself or something in it, by its name or by wildcards that its name matches.
    private static bool IsOf(S3Bucket bucket, string resource)
    {
        if (resource == "*")
        {
            return true;
        }

        if (resource.Split(':', 6) is not ["arn", _, "s3", _, _, var path])
        {
            return false;
        }

        // A variable has its value only when somebody asks.
        string name = path.Split('/', 2)[0];
        return name.Contains("${", StringComparison.Ordinal) || FileSystemName.MatchesSimpleExpression(name, bucket.Name, ignoreCase: false);
    }

    private static bool IsAnybody(JsonNode? principal) => principal switch
    {
        JsonObject kinds => IsAnybody(kinds["AWS"]),
        JsonArray several => several.Any(IsAnybody),
        JsonValue value => value.TryGetValue(out string? name) && name == "*",
        _ => false,
    };

    private static bool IsTied(JsonNode? condition) => condition is JsonObject operators
        && operators.Any(operation => operation.Value is JsonObject keys && keys.Any(key => Ties.Contains(key.Key)));
}
