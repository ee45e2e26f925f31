using System.Runtime.CompilerServices;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.AccessKeys;

/// <summary>The access keys of users.</summary>
/// <param name="client">The services.</param>
public sealed class AccessKeyStore(IdentityClient client)
{
    /// <summary>Lists the access keys of a user.</summary>
    /// <param name="user">The user; null for the caller.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Keys, without when they were last used. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async IAsyncEnumerable<LabAccessKey> ListAsync(string? user, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (XElement key in client.IamListAsync("ListAccessKeys", Subject(user), user, cancellation, ("UserName", user)))
        {
            yield return Read(key);
        }
    }

    /// <summary>Adds when a key was last used, and for what.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The key with it; unchanged where the service does not say. Throws <see cref="LabException"/>.</returns>
    public async Task<LabAccessKey> CompleteAsync(LabAccessKey key, CancellationToken cancellation = default)
    {
        try
        {
            XElement used = await client.IamItemAsync(
                "GetAccessKeyLastUsed", $"Access key {key.AccessKeyId}", key.AccessKeyId, cancellation, ("AccessKeyId", key.AccessKeyId));
            return key with
            {
                LastUsed = used.Date("LastUsedDate"),
                LastUsedService = used.OptionalText("ServiceName") is { } service && service != "N/A" ? service : null,
            };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose("The service does not say when access keys were last used.");
            return key;
        }
    }

    /// <summary>Creates an access key. Once it is asked for, its answer is waited for: nobody would know the secret otherwise.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="cancellation">Keeps it from being created; limits the wait, once it is asked for.</param>
    /// <returns>The key, and its secret. Throws <see cref="LabException"/> (LimitExceeded).</returns>
    public async Task<(LabAccessKey Key, AwsKeys Secret)> CreateAsync(string? user, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            XElement key = await Finishing.RunAsync(
                token => client.IamItemAsync("CreateAccessKey", Subject(user), user, token, ("UserName", user)), cancellation);
            return (Read(key), new AwsKeys(key.Text("AccessKeyId"), key.Text("SecretAccessKey")));
        }
        catch (LabException e) when (e.Code == "LimitExceeded")
        {
            throw e.Advising("A user has at most two access keys: Get-LabAccessKey -IncludeLastUsed shows which one nobody uses, Remove-LabAccessKey removes it.");
        }
    }

    /// <summary>Lets requests be signed with a key, or not.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="accessKeyId">The key.</param>
    /// <param name="active">Whether it may be used.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task SetStatusAsync(string? user, string accessKeyId, bool active, CancellationToken cancellation = default) => client.IamAsync(
        "UpdateAccessKey", $"Access key {accessKeyId}", accessKeyId, cancellation,
        ("UserName", user), ("AccessKeyId", accessKeyId), ("Status", active ? "Active" : "Inactive"));

    /// <summary>Removes a key.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="accessKeyId">The key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public Task RemoveAsync(string? user, string accessKeyId, CancellationToken cancellation = default) => client.IamAsync(
        "DeleteAccessKey", $"Access key {accessKeyId}", accessKeyId, cancellation, ("UserName", user), ("AccessKeyId", accessKeyId));

    /// <summary>Removes a key whose secret could not be handed out.</summary>
    /// <param name="user">Its user; null for the caller.</param>
    /// <param name="accessKeyId">The key.</param>
    /// <returns>What became of it, to be told.</returns>
    public async Task<string> TakeBackAsync(string? user, string accessKeyId)
    {
        try
        {
            await Finishing.RunAsync(token => RemoveAsync(user, accessKeyId, token));
            return $"Access key {accessKeyId} was removed again, because its secret could not be written.";
        }
        catch (LabException e)
        {
            return $"Access key {accessKeyId} was created, but its secret could not be written, and it could not be removed again ({e.Message.TrimEnd('.')}): remove it with Remove-LabAccessKey.";
        }
    }

    private static string Subject(string? user) => user is null ? "Your access keys" : $"User '{user}'";

    private static LabAccessKey Read(XElement key) => new()
    {
        UserName = key.Text("UserName"),
        AccessKeyId = key.Text("AccessKeyId"),
        Status = key.OptionalText("Status") ?? "Active",
        CreateDate = key.Date("CreateDate"),
    };
}
