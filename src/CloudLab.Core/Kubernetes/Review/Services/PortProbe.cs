using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>What became of a connection.</summary>
internal enum PortAnswer
{
    /// <summary>Something answered.</summary>
    Answered,

    /// <summary>Nothing listens.</summary>
    Refused,

    /// <summary>The connection was accepted, and nothing came.</summary>
    Silent,

    /// <summary>The connection could not be tried.</summary>
    Unknown,
}

/// <summary>Connects to a port of a pod through the API server, asks for a page and says what answered.</summary>
/// <param name="api">The cluster.</param>
internal sealed class PortProbe(KubernetesApi api)
{
    private const byte Data = 0;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Tries a port.</summary>
    /// <param name="ns">Namespace of the pod.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="port">The port.</param>
    /// <param name="host">Host that a server of several is asked for.</param>
    /// <param name="path">Path that is asked for.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What became of it, and that in words: <c>HTTP/1.1 200 OK</c>.</returns>
    public async Task<(PortAnswer Kind, string Text)> TryAsync(string ns, string pod, long port, string host, string path, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        bool connected = false;
        try
        {
            using KubeSocket socket = await api.ConnectAsync($"{PodFinder.Pods.Path(ns, pod)}/portforward?ports={port}", [KubeSocket.Version4], keepAlive: true, limit.Token);
            await socket.SendAsync(Data, Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: CloudLab\r\n\r\n"), limit.Token);
            connected = true;
            int dataHead = 2, errorHead = 2;
            while (await socket.ReceiveAsync(limit.Token) is { } piece)
            {
                // Each channel begins with the number of its port.
                ref int head = ref piece.Channel == Data ? ref dataHead : ref errorHead;
                int skip = Math.Min(head, piece.Bytes.Length);
                head -= skip;
                if (piece.Bytes.Length == skip)
                {
                    continue;
                }

                string text = Encoding.Latin1.GetString(piece.Bytes.Span[skip..]);
                return piece.Channel != Data
                    ? text.Contains("refused", StringComparison.Ordinal) ? (PortAnswer.Refused, "connection refused") : (PortAnswer.Unknown, text.Trim())
                    : (PortAnswer.Answered, text.StartsWith("HTTP/", StringComparison.Ordinal) ? text.Split('\r', '\n')[0] : "something that is not HTTP");
            }

            return (PortAnswer.Silent, "closed without an answer");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return connected ? (PortAnswer.Silent, "no answer") : (PortAnswer.Unknown, "no connection to the pod");
        }
        catch (IOException e)
        {
            return (PortAnswer.Unknown, e.Message);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            return (PortAnswer.Unknown, e.Message);
        }
    }
}
