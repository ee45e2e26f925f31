using System.Collections;
using System.Collections.Concurrent;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage;

/// <summary>
/// Base of the storage cmdlets: one connection to each S3 service that the command meets. What comes down the pipeline remembers its
/// session, and is looked for where it came from unless parameters say otherwise.
/// </summary>
public abstract class StorageCommand : AwsCommand
{
    // Flows with the work that an input began, which may go on while the next input is read.
    private readonly AsyncLocal<StorageClient?> current = new();
    private readonly ConcurrentDictionary<LabSession, StorageClient> clients = new();
    private readonly Lazy<LabSession> session;
    private readonly Lazy<StorageClient> own;
    private readonly Lazy<string?> ownEndpoint;
    private readonly Lazy<string?> defaultEndpoint;
    private Dictionary<string, object> given = [];

    /// <summary>Creates the cmdlet.</summary>
    protected StorageCommand()
    {
        session = new(() => Lab);
        own = new(() => Open(session.Value));
        ownEndpoint = new(() => EndpointName.Of(session.Value));
        defaultEndpoint = new(() => EndpointName.Of(RunspaceDefault));
    }

    /// <summary>
    /// Output of a listing. Its session is used unless -Session, -EndpointUrl or -ProfileName sets another. An object that has lost its session
    /// (Import-Clixml, a job, JSON) is refused if its EndpointUrl differs from that of the session in use.
    /// </summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public object? InputObject { get; set; }

    /// <summary>The service that the current input belongs to; the first use looks for credentials.</summary>
    protected StorageClient Client => current.Value ?? own.Value;

    /// <summary>The service's buckets.</summary>
    protected BucketStore Buckets => new(Client);

    /// <summary>The service's objects.</summary>
    protected ObjectStore Objects => new(Client);

    /// <summary>Whether the input names what the cmdlet works on, and not what it writes somewhere.</summary>
    private protected virtual bool FollowsInput => true;

    /// <summary>Whether the pipeline brings a parameter's values.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>True where it does.</returns>
    private protected bool IsPiped(string parameter) => MyInvocation.ExpectingInput && !given.ContainsKey(parameter);

    /// <summary>Refuses a version together with several keys.</summary>
    /// <param name="versionId">The version, or null.</param>
    /// <param name="keys">The keys.</param>
    protected static void RefuseOneVersionOfSeveral(string? versionId, string[] keys)
    {
        if (!string.IsNullOrEmpty(versionId) && keys.Length > 1)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "OneVersion", "-VersionId accepts only one key: give one -Key.");
        }
    }

    /// <summary>Writes objects that remember the service they came from.</summary>
    /// <param name="items">The objects, made before any is written.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Done when they are handed over.</returns>
    private protected ValueTask WriteMarkedAsync(IEnumerable<ISessionItem> items, CancellationToken cancellation) =>
        WriteManyAsync(items.Select(Client.Origin.Mark).ToArray(), cancellation);

    /// <summary>Works with a service that an input belonged to, after other inputs.</summary>
    /// <param name="client">The service.</param>
    /// <param name="work">The work, which sees it as <see cref="Client"/>.</param>
    /// <returns>Done when the work is.</returns>
    private protected async Task WithAsync(StorageClient client, Func<Task> work)
    {
        current.Value = client;
        await work();
    }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        given = new(MyInvocation.BoundParameters);
    }

    /// <inheritdoc/>
    private protected override Task ProcessInputAsync(CancellationToken cancellation)
    {
        // -InputObject takes whatever comes; an input that gave no other parameter anything is no input of this cmdlet.
        // A script block (-Tag { $_ }) has another value for each input.
        if (InputObject is not null && !given.ContainsKey(nameof(InputObject))
            && MyInvocation.BoundParameters.All(bound =>
                bound.Key == nameof(InputObject) || (given.TryGetValue(bound.Key, out object? value) && ReferenceEquals(value, bound.Value))))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InputObjectNotBound",
                $"Nothing in the input '{InputObject}' binds to a parameter of {MyInvocation.MyCommand.Name}: Get-Help {MyInvocation.MyCommand.Name} -Full shows which parameters accept pipeline input.")
            {
                Target = InputObject.ToString(),
                StopsCommand = false,
            };
        }

        return this is IObjectNames names ? NamedAsync(names, cancellation) : FollowAsync(cancellation);
    }

    // PowerShell takes back what the pipeline bound before the next input, but not what is written here.
    private async Task NamedAsync(IObjectNames names, CancellationToken cancellation)
    {
        (string bucket, string[] key) = (names.Bucket, names.Key);
        try
        {
            names.Split();
            await FollowAsync(cancellation);
        }
        finally
        {
            (names.Bucket, names.Key) = (bucket, key);
        }
    }

    private Task FollowAsync(CancellationToken cancellation)
    {
        current.Value = FollowsInput && InputObject is not null && Session is null && EndpointUrl is null && ProfileName is null
            ? ClientOf(InputObject)
            : null;
        return base.ProcessInputAsync(cancellation);
    }

    /// <inheritdoc/>
    private protected override string Described(string action) =>
        EndpointName.Add(action, current.Value?.Origin.EndpointUrl ?? ownEndpoint.Value, defaultEndpoint.Value);

    // A session that was resolved from variables which have changed since is resolved anew, unless it would be another service then.
    private static LabSession Fresh(SessionOrigin origin)
    {
        LabSession now = origin.Session.Refreshed();
        return ReferenceEquals(now, origin.Session) || EndpointName.Of(now) != origin.EndpointUrl ? origin.Session : now;
    }

    private static string? TextIn(object input, string property)
    {
        object? value = input switch
        {
            string => null,
            IDictionary table => table[property],
            _ => PSObject.AsPSObject(input).Properties[property]?.Value,
        };
        return value?.ToString() is { Length: > 0 } text ? text : null;
    }

    // Null for the command's own service, which is then opened when it is needed.
    private StorageClient? ClientOf(object input)
    {
        object thing = input is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : input;
        if (SessionOrigin.Of(thing) is { } origin)
        {
            return clients.GetOrAdd(origin.Session, _ => Open(LabSession.Resolve(Options(), "parameter", Fresh(origin))));
        }

        string? from = thing is ISessionItem item ? item.EndpointUrl : TextIn(thing, nameof(ISessionItem.EndpointUrl));
        if (from is not null && ownEndpoint.Value is { } endpoint && !SessionOrigin.IsSame(from, endpoint))
        {
            string name = ObjectName.Uri(TextIn(thing, "Bucket") ?? "", TextIn(thing, "Key") ?? TextIn(thing, "Prefix") ?? "");
            throw new LabException(
                LabErrorKind.InvalidData, "OtherEndpoint",
                $"{name} came from {from}, but the session in use is for {endpoint}: choose one with -Session or -EndpointUrl.")
            {
                Target = name,
            };
        }

        return null;
    }

    private StorageClient Open(LabSession session)
    {
        StorageClient client = new(session, Reporter);
        if (client.Origin.EndpointUrl != defaultEndpoint.Value)
        {
            Reporter.Verbose($"Using the storage service at {client.Origin.EndpointUrl}.");
        }

        return client;
    }
}
