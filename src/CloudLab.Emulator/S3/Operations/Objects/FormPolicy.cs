using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>What the signer of a form lets its sender put.</summary>
internal static class FormPolicy
{
    private static readonly string[] Free = ["awsaccesskeyid", "signature", "x-amz-signature", "policy", "file"];

    /// <summary>Goes on only where a form is what its policy says.</summary>
    /// <param name="policy">The policy in Base64.</param>
    /// <param name="fields">The form's fields and the bucket, by name in lower case.</param>
    /// <param name="now">The time.</param>
    /// <returns>The fewest and the most bytes that the file may have. Throws AccessDenied, or InvalidPolicyDocument.</returns>
    public static (long Least, long Most) Check(string policy, IReadOnlyDictionary<string, string> fields, DateTimeOffset now)
    {
        try
        {
            JsonNode document = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(policy)))!;
            DateTimeOffset expiration = DateTimeOffset.Parse((string)document["expiration"]!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            return expiration > now
                ? Check(document["conditions"]!.AsArray(), fields)
                : throw S3Exception.AccessDenied("Invalid according to Policy: Policy expired.");
        }
        catch (Exception e) when (e is FormatException or JsonException or NullReferenceException or InvalidOperationException)
        {
            throw new S3Exception(400, "InvalidPolicyDocument", "The content of the form does not meet the conditions specified in the policy document.");
        }
    }

    private static (long Least, long Most) Check(JsonArray conditions, IReadOnlyDictionary<string, string> fields)
    {
        (long Least, long Most) range = (0, long.MaxValue);
        HashSet<string> named = new(StringComparer.OrdinalIgnoreCase);
        foreach (JsonNode? condition in conditions)
        {
            if (condition is JsonArray { Count: 3 } limits && ((string)limits[0]!).Equals("content-length-range", StringComparison.OrdinalIgnoreCase))
            {
                range = (ToNumber(limits[1]!), ToNumber(limits[2]!));
                continue;
            }

            (string operation, string name, string wanted) = condition is JsonArray { Count: 3 } triple
                ? (((string)triple[0]!).ToLowerInvariant(), ((string)triple[1]!).TrimStart('$'), (string)triple[2]!)
                : ("eq", condition!.AsObject().Single().Key, (string)condition.AsObject().Single().Value!);
            named.Add(name);
            string given = fields.GetValueOrDefault(name.ToLowerInvariant()) ?? "";
            if (!(operation == "starts-with" ? given.StartsWith(wanted, StringComparison.Ordinal) : operation == "eq" && given == wanted))
            {
                throw S3Exception.AccessDenied($"Invalid according to Policy: Policy Condition failed: [\"{operation}\", \"${name}\", \"{wanted}\"]");
            }
        }

        return fields.Keys.FirstOrDefault(name =>
            name != "bucket" && !Free.Contains(name) && !name.StartsWith("x-ignore-", StringComparison.Ordinal) && !named.Contains(name)) is { } extra
            ? throw S3Exception.AccessDenied("Invalid according to Policy: Extra input fields: " + extra)
            : range;
    }

    private static long ToNumber(JsonNode node) => node.GetValueKind() == JsonValueKind.String
        ? long.Parse((string)node!, CultureInfo.InvariantCulture)
        : (long)node;
}
