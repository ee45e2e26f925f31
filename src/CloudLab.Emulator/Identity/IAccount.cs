using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Identity;

/// <summary>The emulator's one AWS account: who holds which key, and who may do what.</summary>
internal interface IAccount
{
    /// <summary>Twelve digits.</summary>
    string AccountId { get; }

    /// <summary>Looks an access key up. Must be safe to call from many requests at once.</summary>
    /// <param name="accessKeyId">The key id as it stands in the request.</param>
    /// <returns>The key, also when it has expired; null where there is none or it is inactive.</returns>
    AccessKeyRecord? FindKey(string accessKeyId);

    /// <summary>Decides whether a principal may do something.</summary>
    /// <param name="principal">Who asks; <see cref="PrincipalKind.Anonymous"/> for an unsigned request.</param>
    /// <param name="action">The action: <c>s3:GetObject</c>.</param>
    /// <param name="resourceArn">What it is done to: <c>arn:aws:s3:::movies/data/users.json</c>.</param>
    /// <param name="conditionContext">Values of the request's own condition keys (<c>s3:prefix</c>), by name in any case.</param>
    /// <param name="resourcePolicy">Policy attached to the resource (a bucket policy), or null.</param>
    /// <returns>The decision and its reason.</returns>
    Authorization Authorize(
        Principal principal,
        string action,
        string resourceArn,
        IReadOnlyDictionary<string, string[]> conditionContext,
        JsonNode? resourcePolicy);
}
