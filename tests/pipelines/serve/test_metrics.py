"""Counters for Prometheus: answers, batches and versions, without names that the server does not know."""


def test_answers_batches_and_versions_are_counted(client):
    predict, content = "/v1/models/typed:predict", {"instances": [[1.0, 2.0, 3.0]]}
    client.post(predict, content)
    client.post("/v1/models/no%20such:predict", content)
    page = client.get("/monitoring/prometheus/metrics").text
    assert 'tfvae_serve_requests_total{method="predict",model="typed",status="200"}' in page
    assert 'tfvae_serve_loaded_version{model="table"} 3.0' in page
    assert 'tfvae_serve_batch_rows_count{model="typed"}' in page
    assert "process_resident_memory_bytes" in page
    assert "no such" not in page
